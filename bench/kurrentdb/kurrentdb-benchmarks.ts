import type { AppendLoad } from '../append/workload.ts'
import type { Benchmark } from '../benchmark.ts'
import { storeReadSide } from '../log-read/store-side.ts'
import { clientAppendSide, storeAppendSide } from './append-sides.ts'
import { clientLog, clientStreams, filled, READ_EVENTS, storeStreams } from './read-sides.ts'

const ONE: AppendLoad = { inFlight: 1, appends: 2000, eventsPerAppend: 1 }
const MANY: AppendLoad = { inFlight: 32, appends: 60, eventsPerAppend: 1 }

const appendRow = (name: string, load: AppendLoad, receipts: 'complete' | 'brief'): Benchmark => ({
  name,
  unit: 'events/s',
  open: async () => ({
    amount: load.inFlight * load.appends,
    ours: await storeAppendSide(load, receipts),
    floor: await clientAppendSide(load, receipts),
  }),
})

/** The store beside the bare client, both on the server of the tests, in a process of its own. */
export const kurrentdbBenchmarks: readonly Benchmark[] = [
  appendRow('KurrentDB append, 1 in flight, brief', ONE, 'brief'),
  appendRow('KurrentDB append, 32 in flight, brief', MANY, 'brief'),
  appendRow('KurrentDB append and read back, 1 in flight', ONE, 'complete'),
  appendRow('KurrentDB append and read back, 32 in flight', MANY, 'complete'),
  {
    name: 'KurrentDB read streams of 1,000',
    unit: 'events/s',
    open: async () => {
      const { store, client } = await filled()
      return { amount: READ_EVENTS, ours: storeStreams(store), floor: clientStreams(client) }
    },
  },
  {
    name: 'KurrentDB log read',
    unit: 'events/s',
    open: async () => {
      const { store, client } = await filled()
      return { amount: READ_EVENTS, ours: storeReadSide(store), floor: clientLog(client) }
    },
  },
]
