import type { EventStore, ProjectionRunner, ReadModel } from '../../src/index.ts'
import { createReadModel } from '../../src/projections/create-read-model.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import { altered, present, runnerOf } from './runner-fixture.ts'

/** The code of one version, as a process of its own would have it. Balances of version 2 are a hundred times those of version 1, and so on. */
export interface CodeOfVersion {
  readonly balances: ReadModel<Balance>
  readonly runner: ProjectionRunner
}

export const ofVersion = (version: number): typeof accountBalances => ({
  ...accountBalances,
  version,
  on: {
    ...accountBalances.on,
    MoneyDeposited: (balance, { data }) => ({
      ...balance,
      cents: balance.cents + data.cents * 100 ** (version - 1),
      events: balance.events + 1,
    }),
  },
})

/** Reads and runs a version over storage that others share. */
export function codeOf(
  version: number,
  store: EventStore,
  shared: ReadModel<Balance>,
  placement: Parameters<typeof runnerOf>[3] = {},
): CodeOfVersion {
  const balances = createReadModel(altered(shared, () => ({})).storage)
  return { balances, runner: runnerOf(store, balances, ofVersion(version), placement) }
}

/** Versions of the builds: live, building, previous. */
export async function versionsOf({
  storage,
}: ReadModel<unknown>): Promise<readonly (number | undefined)[]> {
  const { live, building, previous } = present(await storage.readBuilds())
  return [live.version, building?.version, previous?.version]
}

/** Waits until the builds are of these versions. */
export async function untilBuilds(
  readModel: ReadModel<unknown>,
  ...versions: readonly (number | undefined)[]
): Promise<void> {
  await eventually(
    async () => JSON.stringify(await versionsOf(readModel)) === JSON.stringify(versions),
  )
}
