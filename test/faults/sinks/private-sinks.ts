import { PrivateServer, skippedPrivately } from '../private-server.ts'
import type { PrivateSinkServers, SinkName } from './fault-sink.ts'

/** Servers that one test owns, of each sink. */
export const PRIVATE_SINKS: Readonly<Record<SinkName, PrivateSinkServers>> = {
  postgres: { skipped: skippedPrivately, start: () => PrivateServer.start() },
}
