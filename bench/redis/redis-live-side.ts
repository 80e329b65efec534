import { project, ProjectionRunner } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { newServerStore } from '../postgres/server.ts'
import { balancesIn } from '../projections/balances-in.ts'
import { liveRun } from '../projections/live-load.ts'
import { accountBalances } from '../workload/account.ts'
import { newReadModel } from './redis-client.ts'

/** Appends, waits for the read model that a runner in this process feeds, and gets the document. */
export const redisLiveSide: Side = {
  prepare: async () => {
    const { store } = await newServerStore()
    const { readModel, drop } = await newReadModel()
    const projections = [project(accountBalances).into(readModel)]
    const runner = new ProjectionRunner({ store, projections })
    await runner.start()
    const { work, p50Ms, p99Ms } = liveRun(store, async (key, position) => {
      await readModel.waitFor(position, { timeoutMs: 60_000 })
      return readModel.get(key)
    })
    return {
      work,
      p50Ms,
      finish: async () => {
        await runner.stop()
        console.error(`  ours: p99 ${p99Ms().toFixed(1)} ms`)
        const result = balancesResult(await balancesIn(readModel), 0)
        await drop()
        return result
      },
    }
  },
}
