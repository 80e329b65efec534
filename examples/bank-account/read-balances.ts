import { streamId, type ReadModel } from '../../src/index.ts'
import type { Balance } from './account-balances.ts'
import { accountEvents } from './account-events.ts'

/** What a read model says now, in cents by account. An account that it does not have is missing. */
export async function readBalances(
  readModel: ReadModel<Balance>,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  return centsByAccount(await readModel.getMany(accountIds.map(keyOf)), accountIds)
}

export function centsByAccount(
  documents: ReadonlyMap<string, Balance>,
  accountIds: readonly string[],
): ReadonlyMap<string, number> {
  return new Map(
    accountIds.flatMap((id) => {
      const balance = documents.get(keyOf(id))
      return balance === undefined ? [] : [[id, balance.cents] as const]
    }),
  )
}

export const keyOf = (accountId: string): string => streamId(accountEvents.category, accountId)
