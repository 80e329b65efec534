import { setTimeout as sleep } from 'node:timers/promises'
import { parseStreamId, type GlobalPosition } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { newServerStore, server } from '../postgres/server.ts'
import type { Balance } from '../workload/account.ts'
import { LIVE, liveRun } from './live-load.ts'
import { newSchema } from './new-read-model.ts'
import { balancesOf, createBalances, foldStatement } from './server-floor.ts'

const POLL_MS = 5

/** Appends by the package, and folds by hand: every 5 ms one statement folds what is new inside the server; then the document is selected. */
export const liveFloor: Side = {
  prepare: async () => {
    const { store, schema: log } = await newServerStore()
    const { schema, drop } = await newSchema()
    const pool = server().floor
    await createBalances(schema)
    const text = foldStatement(log, schema)
    const waiting = new Set<{ readonly position: GlobalPosition; readonly resolve: () => void }>()
    let folded = 0n
    let isOver = false
    const poll = async (): Promise<void> => {
      while (!isOver) {
        const { rows } = await pool.query<{ position: string }>({
          name: schema,
          text,
          values: ['2000'],
        })
        folded = BigInt(rows[0]?.position ?? folded)
        for (const each of waiting)
          if (each.position <= folded) {
            waiting.delete(each)
            each.resolve()
          }
        await sleep(POLL_MS)
      }
    }
    const polling = poll()
    const { work, p50Ms, p99Ms } = liveRun(store, async (key, position) => {
      if (position > folded)
        await new Promise<void>((resolve) => waiting.add({ position, resolve }))
      const { rows } = await pool.query<Balance>({
        name: `get_${schema}`,
        text: `SELECT owner, cents, payments, last_reference AS "lastReference" FROM ${schema}.balances WHERE key = $1`,
        values: [parseStreamId(key)],
      })
      return rows[0]
    })
    return {
      work,
      p50Ms,
      finish: async () => {
        isOver = true
        await polling
        console.error(`  floor: p99 ${p99Ms().toFixed(1)} ms`)
        const result = balancesResult(await balancesOf(schema), LIVE.events)
        await drop()
        return result
      },
    }
  },
}
