import { project, ProjectionRunner } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { accountBalances } from '../workload/account.ts'
import type { ServerLog } from '../workload/server-log.ts'
import { balancesIn } from './balances-in.ts'
import { newSchema, readModelIn, type Shape } from './new-read-model.ts'

/** Builds a read model from nothing with a `ProjectionRunner`. */
export function serverRunnerSide({ store }: ServerLog, shape: Shape): Side {
  return {
    prepare: async () => {
      const { schema, drop } = await newSchema()
      const readModel = readModelIn(schema, { shape })
      await readModel.get('account-0') // makes the records
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
