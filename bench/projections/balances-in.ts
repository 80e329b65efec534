import type { ReadModel } from '../../src/index.ts'
import type { Balance } from '../workload/account.ts'

/** All documents of a read model by key. */
export async function balancesIn(
  readModel: ReadModel<Balance>,
): Promise<ReadonlyMap<string, Balance>> {
  const balances = new Map<string, Balance>()
  const { storage } = readModel
  const builds = await storage.readBuilds()
  if (builds === undefined) return balances
  for await (const page of storage.scan(builds.live))
    for (const { key, document } of page) if (document !== undefined) balances.set(key, document)
  return balances
}
