import type { Benchmark } from '../benchmark.ts'
import { serverLog } from '../workload/server-log.ts'
import { liveFloor } from './live-floor.ts'
import { LIVE } from './live-load.ts'
import { liveSide } from './live-side.ts'
import { MANY, manySide } from './many-side.ts'
import type { Shape } from './new-read-model.ts'
import { processesSide } from './processes-side.ts'
import { serverRunnerSide } from './runner-side.ts'
import { serverFoldFloor } from './server-floor.ts'

const build = (name: string, shape: Shape): Benchmark => ({
  name,
  unit: 'events/s',
  open: async () => {
    const log = await serverLog()
    return {
      amount: log.events,
      ours: serverRunnerSide(log, shape),
      floor: serverFoldFloor(log),
    }
  },
})

/** Run projections on a server. */
export const projectionsBenchmarks: readonly Benchmark[] = [
  build('fold, Postgres typed columns', 'typed'),
  build('fold, Postgres json documents', 'json'),
  {
    name: 'fold, Postgres, 2 processes against 1',
    unit: 'events/s',
    open: async () => {
      const log = await serverLog()
      return {
        amount: log.events,
        ours: processesSide(log, { processes: 2, lanes: 2 }),
        floor: processesSide(log, { processes: 1, lanes: 1 }),
      }
    },
  },
  {
    name: `live, Postgres, ${LIVE.perSecond} events a second`,
    unit: 'events/s',
    open: async () => ({ amount: LIVE.events, ours: liveSide, floor: liveFloor }),
  },
  {
    name: 'live, Postgres, 10 projections against 1',
    unit: 'events/s',
    open: async () => ({ amount: MANY.events, ours: manySide(10), floor: manySide(1) }),
  },
]
