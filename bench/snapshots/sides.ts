import type pg from 'pg'
import type { Repository } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { rawRows } from '../postgres/server.ts'
import { account, evolveByHand, type Account } from '../workload/account.ts'

const STREAM = 'account-0'

/** Loads one after another through a repository. */
export function repositoryLoads(repository: Repository, loads: number): Side {
  return {
    prepare: async () => {
      let last: unknown
      return {
        work: async () => {
          for (let load = 0; load < loads; load++) {
            const { state, version } = await repository.load(account, '0')
            last = { ...state, version }
          }
        },
        finish: async () => JSON.stringify(last),
      }
    },
  }
}

/** One row with the state, and the ten events after it, only the columns that are used. */
export function byHand(
  pool: pg.Pool,
  { schema, loads }: { readonly schema: string; readonly loads: number },
): Side {
  const snapshot = `SELECT version, state FROM ${schema}.snapshots WHERE stream_id = $1 ORDER BY version DESC LIMIT 1`
  const events = `SELECT version, type, data FROM ${schema}.events WHERE stream_id = $1 AND version > $2 ORDER BY version`
  const load = async (): Promise<Account & { readonly version: number }> => {
    const [row] = await rawRows(pool, { name: 'snapshot', text: snapshot, values: [STREAM] })
    const [at = '0', json = '{}'] = row ?? []
    let state = JSON.parse(json) as Account
    let version = Number(at)
    const values = [STREAM, at]
    for (const [next, type = '', data = ''] of await rawRows(pool, {
      name: 'tail',
      text: events,
      values,
    })) {
      state = evolveByHand(state, { type, data })
      version = Number(next)
    }
    return { ...state, version }
  }
  return {
    prepare: async () => {
      let last: unknown
      return {
        work: async () => {
          for (let count = 0; count < loads; count++) last = await load()
        },
        finish: async () => JSON.stringify(last),
      }
    },
  }
}
