import { project, ProjectionRunner } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { accountBalances } from '../workload/account.ts'
import type { ServerLog } from '../workload/server-log.ts'
import { anyName, balancesOf, drop, readModel } from './elasticsearch.ts'

const PAGE_SIZE = 5000

/** Builds a read model from nothing with a `ProjectionRunner`. */
export function elasticsearchSide({ store }: ServerLog): Side {
  return {
    prepare: async () => {
      const index = anyName()
      const projections = [project(accountBalances).into(readModel(index))]
      const runner = new ProjectionRunner({ store, projections, pageSize: PAGE_SIZE })
      return {
        work: () => runner.runUntilCaughtUp(),
        finish: async () => {
          const [status] = await runner.status()
          const result = balancesResult(await balancesOf(index), status?.position)
          await drop(index)
          return result
        },
      }
    },
  }
}
