/** An account whose balance is not what the bank's file says. */
export interface Mismatch {
  readonly accountId: string
  /** Balance in the file, in cents. */
  readonly stated: number
  /** Balance in the read model; undefined: it does not have the account. */
  readonly found: number | undefined
}

/** Compares balances with those that a bank's file states after its last transactions. */
export function checkBalances(
  balances: ReadonlyMap<string, number>,
  statedBalances: ReadonlyMap<string, number>,
): readonly Mismatch[] {
  return [...statedBalances]
    .map(([accountId, stated]) => ({ accountId, stated, found: balances.get(accountId) }))
    .filter(({ stated, found }) => stated !== found)
}
