import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import {
  bigint,
  integer,
  postgres,
  PostgresReadModel,
  type PostgresEventStore,
} from '../../src/adapters/postgres/index.ts'
import {
  asOf,
  defineProjection,
  globalPosition,
  streamId,
  type EventStore,
  type ReadModel,
} from '../../src/index.ts'
import { accountEvents } from '../domain/account.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Shows events that were lost, doubled or reordered. */
export interface Trail {
  readonly events: number
  /** Depends on every event, and on their order. */
  readonly digest: number
}

/** Of each account, and of all of them: the keys of one event are in several lanes. */
export const trails = defineProjection({
  name: 'trails',
  version: 1,
  events: accountEvents,
  key: ({ streamId: id }) => [id, `hundred-${Number(id.slice('account-'.length)) % 7}`],
  initialDocument: (): Trail => ({ events: 0, digest: 0 }),
  on: {
    MoneyDeposited: ({ events, digest }, { data }) => ({
      events: events + 1,
      digest: (digest * 31 + data.cents) % 1_000_000_007,
    }),
  },
})

export function openTrails(
  pool: pg.Pool,
  schema: string,
  table = 'trails',
): PostgresReadModel<Trail> {
  return new PostgresReadModel<Trail>({
    ...{ database: postgres(pool), schema, recordsSchema: schema, table },
    columns: { events: integer, digest: bigint },
  })
}

/** Keys of the trails of so many accounts. */
export function trailKeys(accounts: number): readonly string[] {
  const own = Array.from({ length: accounts }, (_, id) => `account-${id}`)
  return [...own, ...Array.from({ length: 7 }, (_, id) => `hundred-${id}`)]
}

export const anyDeposits = (random: SeededRandom, most: number) =>
  Array.from({ length: 1 + random.below(most) }, () =>
    accountEvents.MoneyDeposited({ cents: random.below(1000) }),
  )

/** Appends so many events a second, about, until it is told to end. Gives their number. */
export async function keepAppending(
  store: PostgresEventStore,
  random: SeededRandom,
  options: {
    readonly accounts: number
    readonly eventsPerSecond: number
    readonly signal: AbortSignal
  },
): Promise<number> {
  const { accounts, eventsPerSecond, signal } = options
  const since = performance.now()
  let appended = 0
  const dueMs = (): number => since + (appended / eventsPerSecond) * 1000 - performance.now()
  while (!signal.aborted) {
    const events = anyDeposits(random, 5)
    const stream = streamId('account', String(random.below(accounts)))
    appended += events.length
    const append = (): Promise<unknown> =>
      store.append(stream, events, { expectedVersion: 'any' }).catch(append)
    await append()
    if (dueMs() > 0) await sleep(dueMs(), undefined, { signal }).catch(() => undefined)
  }
  return appended
}

/** Keys whose documents are not what a fold of the log gives, once all of it is folded. */
export async function wrongTrails(
  readModel: ReadModel<Trail>,
  store: EventStore,
): Promise<readonly string[]> {
  const head = await store.head()
  await readModel.waitFor(head?.position, { timeoutMs: 60_000 })
  const { live } = (await readModel.storage.readBuilds()) ?? never()
  const fold = await asOf(trails, { position: head?.position ?? globalPosition(0) }, { store })
  const wrong = new Set(fold.keys())
  for await (const page of readModel.storage.scan(live))
    for (const { key, document } of page) {
      const expected = fold.get(key)
      if (expected?.events === document?.events && expected?.digest === document?.digest)
        wrong.delete(key)
      else wrong.add(key)
    }
  return [...wrong]
}

function never(): never {
  throw new Error('Nothing was built.')
}
