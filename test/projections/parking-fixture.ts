import {
  asOf,
  globalPosition,
  type EventStore,
  type Projection,
  type ProjectionRunner,
  type ReadModel,
  type RecordedEvent,
} from '../../src/index.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'
import { present } from './runner-fixture.ts'

export const withdrawn = (cents: number) => accountEvents.MoneyWithdrawn({ cents })

/** The same version with a mistake: its row for withdrawals throws at some amounts, or at all when none are given. */
export const faultyAt = (...amounts: readonly number[]): typeof accountBalances => ({
  ...accountBalances,
  on: {
    ...accountBalances.on,
    MoneyWithdrawn: (balance, event) => {
      const { cents } = event.data
      if (amounts.length === 0 || amounts.includes(cents)) throw new RangeError(`not ${cents}`)
      return present(accountBalances.on.MoneyWithdrawn)(balance, event)
    },
  },
})

/** What `parked()` gives, in short. */
export async function parkedOf(
  runner: ProjectionRunner,
  key?: string,
): Promise<
  readonly (readonly [version: number, error: string | undefined, discarded: string | undefined])[]
> {
  const found = []
  for await (const { version, error, discarded } of runner.parked(
    'account-balances',
    key === undefined ? {} : { key },
  ))
    found.push([version, error, discarded] as const)
  return found
}

/** All documents of the live build. */
export async function documentsOf<Document>({
  storage,
}: ReadModel<Document>): Promise<ReadonlyMap<string, Document | undefined>> {
  const { live } = present(await storage.readBuilds())
  const found = new Map<string, Document | undefined>()
  for await (const page of storage.scan(live))
    for (const { key, document } of page) found.set(key, document)
  return found
}

/** What the live build has to hold: a fold of the whole log. */
export async function freshFold<Document, Event extends RecordedEvent>(
  store: EventStore,
  projection: Projection<Document, Event>,
): Promise<ReadonlyMap<string, Document>> {
  const position = (await store.head())?.position ?? globalPosition(0)
  return asOf(projection, { position }, { store })
}

export type BalanceModel = ReadModel<Balance>
