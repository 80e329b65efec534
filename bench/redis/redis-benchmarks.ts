import type { Benchmark } from '../benchmark.ts'
import { LIVE } from '../projections/live-load.ts'
import { serverLog } from '../workload/server-log.ts'
import { redisFloor } from './redis-floor.ts'
import { redisLiveFloor } from './redis-live-floor.ts'
import { redisLiveSide } from './redis-live-side.ts'
import { redisRunnerSide } from './redis-runner-side.ts'

/** Run projections into a real Redis. */
export const redisBenchmarks: readonly Benchmark[] = [
  {
    name: '1M events onto 100k documents in Redis',
    unit: 'events/s',
    open: async () => {
      const log = await serverLog()
      return { amount: log.events, ours: redisRunnerSide(log), floor: redisFloor(log) }
    },
  },
  {
    name: 'append to visible document (Redis)',
    unit: 'events/s',
    open: async () => ({ amount: LIVE.events, ours: redisLiveSide, floor: redisLiveFloor }),
  },
]
