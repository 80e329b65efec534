import { project, ProjectionRunner } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { newServerStore } from '../postgres/server.ts'
import { accountBalances } from '../workload/account.ts'
import { balancesIn } from './balances-in.ts'
import { liveRun } from './live-load.ts'
import { newSchema, readModelIn } from './new-read-model.ts'

/** Appends, waits for the read model that a runner in this process feeds, and gets the document. */
export const liveSide: Side = {
  prepare: async () => {
    const { store } = await newServerStore()
    const { schema, drop } = await newSchema()
    const readModel = readModelIn(schema, { shape: 'typed' })
    const runner = new ProjectionRunner({
      store,
      projections: [project(accountBalances).into(readModel)],
    })
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
        const [status] = await runner.status()
        const result = balancesResult(await balancesIn(readModel), status?.position)
        await drop()
        return result
      },
    }
  },
}
