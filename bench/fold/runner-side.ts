import { project, ProjectionRunner, type EventStore, type ReadModel } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { accountBalances, type Balance } from '../workload/account.ts'
import { balancesResult } from './balances-result.ts'

/** Builds a read model from nothing with a `ProjectionRunner`. */
export function runnerSide(
  store: EventStore,
  options: {
    readonly accounts: number
    readonly openReadModel: () => Promise<{ readModel: ReadModel<Balance>; clear(): Promise<void> }>
  },
): Side {
  const { accounts, openReadModel } = options
  return {
    prepare: async () => {
      const { readModel, clear } = await openReadModel()
      const projections = [project(accountBalances).into(readModel)]
      const runner = new ProjectionRunner({ store, projections })
      return {
        work: () => runner.runUntilCaughtUp(),
        finish: async () => {
          const keys = Array.from({ length: accounts }, (_, number) => `account-${number}`)
          const [status] = await runner.status()
          const result = balancesResult(await readModel.getMany(keys), status?.position)
          await clear()
          return result
        },
      }
    },
  }
}
