import type { AnyEventCatalog, EventStore } from '../../src/index.ts'
import { postgres, postgresEventStore } from '../../src/adapters/postgres/index.ts'
import type { Benchmark } from '../benchmark.ts'
import { storeReadSide } from '../log-read/store-side.ts'
import { server } from '../postgres/server.ts'
import { serverLog } from '../workload/server-log.ts'
import { catalogOfFifty, catalogWithTwoSteps } from './catalogs.ts'

/** Read a whole log through a catalog; the floor is the same read by a store without one, which upcasts nothing. */
export const upcastingBenchmarks: readonly Benchmark[] = [
  againstNone('log read through 50 types, none stale, Postgres', catalogOfFifty),
  againstNone('log read, 2 steps on every event, Postgres', catalogWithTwoSteps),
]

function againstNone(name: string, catalog: AnyEventCatalog): Benchmark {
  return {
    name,
    unit: 'events/s',
    open: async () => {
      const { schema, events } = await serverLog()
      const storeWith = (...catalogs: readonly AnyEventCatalog[]): EventStore =>
        postgresEventStore({ database: postgres(server().ours), schema, catalogs })
      return {
        amount: events,
        ours: storeReadSide(storeWith(catalog)),
        floor: storeReadSide(storeWith()),
      }
    },
  }
}
