import type { Benchmark, Side } from '../benchmark.ts'
import { LogTally } from '../log-read/log-tally.ts'
import { fillServer } from '../postgres/fill-server.ts'
import { newServerStore, rawRows, server } from '../postgres/server.ts'
import { streamId, type EventStore } from '../../src/index.ts'

const STREAMS = 50
const EVENTS_EACH = 1000
/** So often in one run: with one pass of a seventh of a second, the side with more code is measured while it is still being compiled. */
const PASSES = 4
const IDS = Array.from({ length: STREAMS * PASSES }, (_, number) =>
  streamId('account', String(number % STREAMS)),
)

/** Read streams of 1,000 events one after another, with version, type and data of each event: what loading an aggregate does. */
export const streamReadBenchmarks: readonly Benchmark[] = [
  {
    name: 'read stream of 1,000, Postgres',
    unit: 'events/s',
    open: async () => {
      const { store, schema } = await newServerStore()
      const log = { store, pool: server().floor, schema }
      await fillServer(log, { events: STREAMS * EVENTS_EACH, streams: STREAMS })
      return {
        amount: STREAMS * EVENTS_EACH * PASSES,
        ours: storeSide(store),
        floor: rawRowsFloor(`${schema}.events`),
      }
    },
  },
]

function storeSide(store: EventStore): Side {
  return {
    prepare: async () => {
      const tally = new LogTally()
      return {
        work: async () => {
          for (const id of IDS)
            for await (const { events } of store.readStream(id))
              for (const { version, type, data } of events) tally.add(type, version, data)
        },
        finish: async () => tally.toString(),
      }
    },
  }
}

/** `pg` with rows as arrays of texts, only the columns that are used. */
function rawRowsFloor(table: string): Side {
  return {
    prepare: async () => {
      const tally = new LogTally()
      const text = `SELECT version, type, data FROM ${table} WHERE stream_id = $1 ORDER BY version`
      return {
        work: async () => {
          for (const id of IDS) {
            const rows = await rawRows(server().floor, { name: 'stream', text, values: [id] })
            for (const [version, type = '', data = ''] of rows)
              tally.add(type, Number(version), JSON.parse(data))
          }
        },
        finish: async () => tally.toString(),
      }
    },
  }
}
