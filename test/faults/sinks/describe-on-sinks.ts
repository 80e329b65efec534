import { describe } from '@jest/globals'
import { skipped as skippedLog } from '../../adapters/postgres/postgres-server.ts'
import { reasonToSkip } from '../../adapters/real-servers.ts'
import type { FaultSink } from './fault-sink.ts'
import { FAULT_SINKS } from './fault-sinks.ts'
import { PRIVATE_SINKS } from './private-sinks.ts'

/** `describe` for tests that run on each sink whose server is there: `into <title>` ends its name. */
export function describeOnSinks(name: string, define: (sink: FaultSink) => void): void {
  for (const sink of Object.values(FAULT_SINKS)) describeOn(sink, skippedOn(sink), name, define)
}

/** The same for tests that crash a server of their own. */
export function describeOnPrivateSinks(name: string, define: (sink: FaultSink) => void): void {
  for (const sink of Object.values(FAULT_SINKS))
    describeOn(sink, skippedOn(sink) ?? PRIVATE_SINKS[sink.name].skipped, name, define)
}

export function urlOf({ name, variable }: FaultSink): string {
  const url = process.env[variable]
  if (url === undefined)
    throw new Error(`${variable} is not set, and EVERFOLD_REQUIRE wants ${name}.`)
  return url
}

export function skippedOn({ name, variable }: FaultSink): string | undefined {
  return skippedLog ?? reasonToSkip(name, variable)
}

function describeOn(
  sink: FaultSink,
  skipped: string | undefined,
  name: string,
  define: (sink: FaultSink) => void,
): void {
  const full = `${name} into ${sink.title}`
  const body = (): void => {
    define(sink)
  }
  if (skipped === undefined) describe(full, body)
  else describe.skip(`${full} (skipped: ${skipped})`, body) // without its tests, a file of which all is skipped would fail
}
