import type { StoredEvent } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { balanceAfter, type Balance } from '../workload/account.ts'
import { balancesResult } from './balances-result.ts'

/** Walks over a list of stored events, parses their data and folds them into a map: no pages, and nothing protects a document. */
export function memoryFoldFloor(stored: readonly StoredEvent[]): Side {
  return {
    prepare: async () => {
      const balances = new Map<string, Balance>()
      let position = 0n
      return {
        work: async () => {
          for (const { streamId, type, data } of stored)
            balances.set(streamId, balanceAfter(balances.get(streamId), type, data))
          position = stored.at(-1)?.position ?? 0n
        },
        finish: async () => balancesResult(balances, position),
      }
    },
  }
}
