import assert from 'node:assert/strict'
import type { RecordedEvent } from '../../../index.ts'
import {
  anyAccount,
  deposited,
  depositedAmount,
  exchanged,
  opened,
  paidIn,
  viewed,
} from './contract-events.ts'
import type { EventStoreRule } from './contract-stores.ts'
import { eventsOf, pagesOf, takeEvents } from './reading.ts'

/** Events of types that are retired: renamed, split into several, dropped. */
export function addRetiredRules(rule: EventStoreRule): void {
  rule('gives stored events what their retired types mean today', async ({ store, older }) => {
    const account = anyAccount()
    const after = await store.head()
    await older.append(account, [opened('Ada'), paidIn(1.5), viewed(), exchanged(3, 4)], {
      expectedVersion: 0,
    })
    const meanings = [
      ['AccountOpened', { owner: 'Ada' }, 1, undefined, undefined],
      ['MoneyDeposited', { cents: 150 }, 2, undefined, undefined],
      ['MoneyWithdrawn', { cents: 3 }, 4, 1, 2],
      ['MoneyDeposited', { cents: 4 }, 4, 2, 2],
    ]

    const ofStream = await eventsOf(store.readStream(account))
    const ofLog = await eventsOf(store.readAll({ after }))
    const followed = await takeEvents(store.subscribe({ after }), 4)

    assert.deepEqual(ofStream.map(meaningOf), meanings)
    assert.deepEqual(ofLog.map(meaningOf), meanings)
    assert.deepEqual(followed.map(meaningOf), meanings)
  })

  rule('tells the version of a stream whose last event is dropped', async ({ store, older }) => {
    const account = anyAccount()
    await older.append(account, [opened('Ada'), viewed()], { expectedVersion: 0 })

    const [page] = await pagesOf(store.readStream(account))
    const result = await store.append(account, [deposited(5)], { expectedVersion: 2 })

    assert.deepEqual([page?.events.length, page?.version, result.version], [1, 2, 3])
  })

  rule(
    'never separates the events of one position, however small the pages are',
    async (stores) => {
      const { store, older } = stores
      const account = anyAccount()
      const after = await store.head()
      const events = [exchanged(1, 2), viewed(), exchanged(3, 4), paidIn(5), exchanged(6, 7)]
      await older.append(account, events, { expectedVersion: 0 })

      for (const pageSize of [1, 2, 3, 4, 5, 6, 7]) {
        const ofStream = await pagesOf(store.readStream(account, { pageSize }))
        const ofLog = await pagesOf(store.readAll({ after, pageSize }))
        const back = await pagesOf(store.readStream(account, { pageSize, direction: 'backwards' }))

        assert.deepEqual(partsByPage(ofStream), ['1/2 2/2', '1/2 2/2', '1/2 2/2'])
        assert.deepEqual(partsByPage(ofLog), ['1/2 2/2', '1/2 2/2', '1/2 2/2'])
        assert.deepEqual(partsByPage(back), ['2/2 1/2', '2/2 1/2', '2/2 1/2'])
      }
    },
  )

  rule('counts stored events where the most to read are stated', async ({ store, older }) => {
    const account = anyAccount()
    const events = [viewed(), viewed(), exchanged(3, 4), paidIn(5)]
    await older.append(account, events, { expectedVersion: 0 })

    const found = await eventsOf(store.readStream(account, { maxCount: 3, pageSize: 2 }))

    assert.deepEqual(
      found.map(({ version }) => version),
      [3, 3],
    )
  })

  rule('finds events by the type that they have today', async ({ store, older }) => {
    const account = anyAccount()
    const after = await store.head()
    await older.append(account, [opened('Ada'), paidIn(1.5), viewed(), exchanged(3, 4)], {
      expectedVersion: 0,
    })
    await older.append(account, [depositedAmount(2)], { expectedVersion: 4 })
    const types = ['MoneyDeposited']

    const found = await eventsOf(store.readAll({ after, types, pageSize: 1 }))
    const byOldNames = await eventsOf(
      store.readAll({ after, types: ['MoneyPaidIn', 'MoneyExchanged'] }),
    )

    assert.deepEqual(
      found.map(({ data }) => data),
      [{ cents: 150 }, { cents: 4 }, { cents: 200 }],
    )
    assert.deepEqual(byOldNames, [])
    const followed = await takeEvents(store.subscribe({ after, types, categories: ['account'] }), 3)
    assert.deepEqual(followed.map(meaningOf), found.map(meaningOf))
  })

  rule('moves on where all that was found is dropped', async ({ store, older }) => {
    const account = anyAccount()
    const after = await store.head()
    const { position } = await older.append(account, [viewed(), viewed()], { expectedVersion: 0 })

    const pages = await pagesOf(store.readAll({ after, types: ['MoneyDeposited'] }))

    assert.deepEqual(
      [pages.flatMap(({ events }) => events), pages.at(-1)?.through.position],
      [[], position],
    )
  })

  rule('refuses to append events of retired types', async ({ store }) => {
    const append = store.append(anyAccount(), [paidIn(5)], { expectedVersion: 0 })

    await assert.rejects(append, { code: 'UNKNOWN_EVENT_TYPE', type: 'MoneyPaidIn' })
  })
}

const meaningOf = ({ type, data, version, part, parts }: RecordedEvent): readonly unknown[] => [
  type,
  data,
  version,
  part,
  parts,
]

/** Of each page and position with parts: which parts it holds, in order; parts of one position in two pages would give two entries. */
function partsByPage(
  pages: readonly { readonly events: readonly RecordedEvent[] }[],
): readonly string[] {
  return pages.flatMap(({ events }) => {
    const split = events.filter(({ parts }) => parts !== undefined)
    return [...new Set(split.map(({ position }) => position))].map((position) =>
      split
        .filter((event) => event.position === position)
        .map(({ part, parts }) => `${part ?? ''}/${parts ?? ''}`)
        .join(' '),
    )
  })
}
