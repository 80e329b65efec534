import { fillServer } from '../postgres/fill-server.ts'
import { newServerStore, server } from '../postgres/server.ts'
import type { EventStore } from '../../src/index.ts'

export interface ServerLog {
  readonly store: EventStore
  readonly schema: string
  readonly events: number
}

const EVENTS = 1_000_000

let filling: Promise<ServerLog> | undefined

/** One log on a real server, which both sides read; filled when it is first asked for. `BENCH_EVENTS` says how many events it has: 1,000,000. */
export function serverLog(): Promise<ServerLog> {
  return (filling ??= fill())
}

async function fill(): Promise<ServerLog> {
  const events = Number(process.env['BENCH_EVENTS'] ?? EVENTS)
  const { store, schema } = await newServerStore()
  const log = { store, pool: server().floor, schema }
  await fillServer(log, { events, streams: Math.ceil(events / 10) })
  return { store, schema, events }
}
