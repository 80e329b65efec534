import {
  PrivateRedis,
  skippedPrivately as skippedRedis,
} from '../../adapters/redis/private-redis.ts'
import { PrivateServer, skippedPrivately as skippedPostgres } from '../private-server.ts'
import { PrivateElasticsearch } from '../private-elasticsearch.ts'
import type { PrivateSinkServers, SinkName } from './fault-sink.ts'

/** Servers that one test owns, of each sink. */
export const PRIVATE_SINKS: Readonly<Record<SinkName, PrivateSinkServers>> = {
  postgres: { skipped: skippedPostgres, start: () => PrivateServer.start() },
  redis: { skipped: skippedRedis, start: () => PrivateRedis.start() },
  elasticsearch: { skipped: undefined, start: () => PrivateElasticsearch.start() },
}
