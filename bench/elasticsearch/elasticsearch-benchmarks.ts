import type { Benchmark } from '../benchmark.ts'
import { LIVE } from '../projections/live-load.ts'
import { serverLog } from '../workload/server-log.ts'
import { bulkFloor } from './bulk-floor.ts'
import { warmUp } from './elasticsearch.ts'
import { elasticsearchLiveFloor, elasticsearchLiveSide } from './live-sides.ts'
import { elasticsearchSide } from './runner-side.ts'

/** Run projections into Elasticsearch, from a log on a Postgres server. */
export const elasticsearchBenchmarks: readonly Benchmark[] = [
  {
    name: 'fold, Elasticsearch, from nothing',
    unit: 'events/s',
    open: async () => {
      await warmUp()
      const log = await serverLog()
      return { amount: log.events, ours: elasticsearchSide(log), floor: bulkFloor(log) }
    },
  },
  {
    name: `live, Elasticsearch, ${LIVE.perSecond} events a second`,
    unit: 'events/s',
    open: async () => {
      await warmUp()
      return {
        amount: LIVE.events,
        ours: elasticsearchLiveSide,
        floor: elasticsearchLiveFloor,
      }
    },
  },
]
