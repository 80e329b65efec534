import type { Balance } from '../workload/account.ts'
import { Digest } from '../workload/digest.ts'

/** What a fold came to: the documents, and how far the log was folded. */
export function balancesResult(
  balances: ReadonlyMap<string, Balance>,
  position: bigint | number | undefined,
): string {
  const digest = new Digest()
  digest.add(String(position))
  for (const key of [...balances.keys()].toSorted()) {
    const { owner, cents, payments, lastReference } = balances.get(key) as Balance
    digest.add(key, owner, cents, payments, lastReference)
  }
  return digest.toString()
}
