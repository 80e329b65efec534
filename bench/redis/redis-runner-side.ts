import { project, ProjectionRunner } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { balancesIn } from '../projections/balances-in.ts'
import { accountBalances } from '../workload/account.ts'
import type { ServerLog } from '../workload/server-log.ts'
import { newReadModel } from './redis-client.ts'

/** Builds a read model in Redis from nothing with a `ProjectionRunner`. */
export function redisRunnerSide({ store }: ServerLog): Side {
  return {
    prepare: async () => {
      const { readModel, drop } = await newReadModel()
      const projections = [project(accountBalances).into(readModel)]
      const runner = new ProjectionRunner({ store, projections })
      return {
        work: () => runner.runUntilCaughtUp(),
        finish: async () => {
          const [status] = await runner.status()
          const result = balancesResult(await balancesIn(readModel), status?.position)
          await drop()
          return result
        },
      }
    },
  }
}
