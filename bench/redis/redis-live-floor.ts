import { streamId } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { newServerStore } from '../postgres/server.ts'
import { LIVE, liveRun } from '../projections/live-load.ts'
import { balanceAfter, paymentOf, type Balance } from '../workload/account.ts'
import { newReadModel } from './redis-client.ts'

/** Appends by the package; then whoever appended writes the document by hand, and gets it: no projection, and nothing that could be wrong after a crash. */
export const redisLiveFloor: Side = {
  prepare: async () => {
    const { store } = await newServerStore()
    const { client, prefix, drop } = await newReadModel()
    const balances = new Map<string, Balance>()
    let next = 0
    const { work, p50Ms, p99Ms } = liveRun(store, async (key) => {
      const number = next++
      const stream = streamId('account', String(number % LIVE.accounts))
      const isNew = number < LIVE.accounts
      const data = isNew ? { owner: `Owner ${number}` } : paymentOf(number)
      const type = isNew ? 'AccountOpened' : 'MoneyDeposited'
      const balance = balanceAfter(balances.get(stream), type, JSON.stringify(data))
      balances.set(stream, balance)
      await client.hSet(`${prefix}:${stream}`, { document: JSON.stringify(balance), position: '0' })
      return JSON.parse((await client.hGet(`${prefix}:${key}`, 'document')) ?? 'null') as Balance
    })
    return {
      work,
      p50Ms,
      finish: async () => {
        console.error(`  floor: p99 ${p99Ms().toFixed(1)} ms`)
        await client.unlink([...balances.keys()].map((key) => `${prefix}:${key}`))
        const result = balancesResult(balances, 0)
        await drop()
        return result
      },
    }
  },
}
