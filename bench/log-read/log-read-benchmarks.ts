import type { Benchmark } from '../benchmark.ts'
import { server } from '../postgres/server.ts'
import { MEMORY_LOG, memoryLog } from '../workload/memory-log.ts'
import { PGLITE_LOG, pgliteLog } from '../workload/pglite-log.ts'
import { serverLog } from '../workload/server-log.ts'
import { memoryReadFloor } from './memory-floor.ts'
import { pgliteReadFloor } from './pglite-floor.ts'
import { peakMemoryOf } from './read-in-child.ts'
import { serverReadFloor } from './server-floor.ts'
import { storeReadSide } from './store-side.ts'

/** Read a whole log in order, with the data of each event. */
export const logReadBenchmarks: readonly Benchmark[] = [
  {
    name: 'log read, memory',
    unit: 'events/s',
    open: async () => {
      const { store, stored } = await memoryLog()
      return {
        amount: MEMORY_LOG.events,
        ours: storeReadSide(store),
        floor: memoryReadFloor(stored),
      }
    },
  },
  {
    name: 'log read, PGlite',
    unit: 'events/s',
    open: async () => {
      const { store, table } = await pgliteLog()
      return {
        amount: PGLITE_LOG.events,
        ours: storeReadSide(store),
        floor: pgliteReadFloor(table),
      }
    },
  },
  {
    name: 'log read, Postgres',
    unit: 'events/s',
    open: async () => {
      const { store, schema, events } = await serverLog()
      return {
        amount: events,
        ours: storeReadSide(store),
        floor: serverReadFloor(server().floor, `${schema}.events`),
        peakMemory: (side) => peakMemoryOf(side, schema),
      }
    },
  },
]
