import type { Benchmark, Side } from '../benchmark.ts'
import { callFloor, groupFloor, insertFloor } from './floors.ts'
import { processesSide } from './processes-side.ts'
import { storeAppendSide } from './store-side.ts'
import type { AppendLoad } from './workload.ts'

const row = (
  name: string,
  load: AppendLoad,
  floor: (load: AppendLoad) => Promise<Side>,
): Benchmark => ({
  name,
  unit: 'events/s',
  open: async () => ({
    amount: load.inFlight * load.appends * load.eventsPerAppend,
    ours: await storeAppendSide(load),
    floor: await floor(load),
  }),
})

const PROCESSES = { processes: 4, inFlight: 16, appends: 250 }

/** Append to streams of a server, with the version of each stream. */
export const appendBenchmarks: readonly Benchmark[] = [
  row('append, 1 in flight', { inFlight: 1, appends: 1500, eventsPerAppend: 1 }, callFloor),
  row('append, 32 in flight', { inFlight: 32, appends: 500, eventsPerAppend: 1 }, groupFloor),
  {
    name: 'append, 16 in flight in each of 4 processes',
    unit: 'events/s',
    open: async () => ({
      amount: PROCESSES.processes * PROCESSES.inFlight * PROCESSES.appends,
      ours: await processesSide(PROCESSES, { isOrdered: true }),
      floor: await processesSide(PROCESSES, { isOrdered: false }),
    }),
  },
  row('append, batches of 100', { inFlight: 1, appends: 150, eventsPerAppend: 100 }, insertFloor),
]
