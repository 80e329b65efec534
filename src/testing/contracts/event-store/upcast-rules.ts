import assert from 'node:assert/strict'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, deposited, depositedAmount, noted, opened } from './contract-events.ts'
import { eventsOf, pagesOf, takeEvents } from './reading.ts'

/** Events that older or newer code stored. */
export function addUpcastRules(rule: EventStoreRule): void {
  rule('carries older events on when a stream is read', async ({ store, older }) => {
    const account = anyAccount()
    await older.append(account, [opened('Ada'), depositedAmount(1.5)], { expectedVersion: 0 })
    await store.append(account, [deposited(20)], { expectedVersion: 2 })

    const events = await eventsOf(store.readStream(account, { fromVersion: 2 }))

    assert.deepEqual(
      events.map(({ data, schemaVersion }) => [data, schemaVersion]),
      [
        [{ cents: 150 }, 2],
        [{ cents: 20 }, 2],
      ],
    )
  })

  rule('carries older events on when the log is read', async ({ store, older }) => {
    const after = await store.head()
    await older.append(anyAccount(), [depositedAmount(1.5)], { expectedVersion: 0 })

    const [event] = await eventsOf(store.readAll({ after }))

    assert.deepEqual([event?.data, event?.schemaVersion], [{ cents: 150 }, 2])
  })

  rule('carries older events on when the log is followed', async ({ store, older }) => {
    const following = takeEvents(store.subscribe({ after: await store.head() }), 1)

    await older.append(anyAccount(), [depositedAmount(1.5)], { expectedVersion: 0 })

    const [event] = await following
    assert.deepEqual([event?.data, event?.schemaVersion], [{ cents: 150 }, 2])
  })

  rule('keeps all but the data of an event that is carried on', async ({ store, older }) => {
    const account = anyAccount()
    const metadata = { userId: 'u1' }
    const occurredAt = new Date('1999-12-31T23:59:59.999Z')
    const deposit = { ...depositedAmount(1.5), metadata, occurredAt }
    await older.append(account, [deposit], { expectedVersion: 0 })
    const [stored] = await eventsOf(older.readStream(account))

    const [event] = await eventsOf(store.readStream(account))

    assert.deepEqual(JSON.parse(JSON.stringify(event)), {
      ...(JSON.parse(JSON.stringify(stored)) as object),
      data: { cents: 150 },
      schemaVersion: 2,
    })
  })

  rule('leaves stored events as they are', async ({ store, older }) => {
    const account = anyAccount()
    await older.append(account, [depositedAmount(1.5)], { expectedVersion: 0 })
    await eventsOf(store.readStream(account))

    const [event] = await eventsOf(older.readStream(account))

    assert.deepEqual([event?.data, event?.schemaVersion], [{ amount: 1.5 }, 1])
  })

  rule('refuses events of a stream that newer code stored', async ({ store, older }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada'), deposited(5)], { expectedVersion: 0 })

    const read = eventsOf(older.readStream(account))

    await assert.rejects(read, {
      code: 'NEWER_SCHEMA_VERSION',
      streamId: account,
      type: 'MoneyDeposited',
      stored: 2,
      known: 1,
    })
  })

  rule('refuses events of the log that newer code stored', async ({ store, older }) => {
    const after = await store.head()
    await store.append(anyAccount(), [deposited(5)], { expectedVersion: 0 })

    const read = eventsOf(older.readAll({ after }))

    await assert.rejects(read, { code: 'NEWER_SCHEMA_VERSION', stored: 2, known: 1 })
  })

  rule('refuses a stream that holds an event of an undeclared type', async ({ store, older }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada'), noted('x')], { expectedVersion: 0 })

    const read = eventsOf(older.readStream(account))

    await assert.rejects(read, {
      code: 'UNKNOWN_EVENT_TYPE',
      streamId: account,
      type: 'NoteAdded',
    })
  })

  rule('hands events of undeclared types on when the log is read', async ({ store, older }) => {
    const after = await store.head()
    await store.append(anyAccount(), [noted({ text: 'x' })], { expectedVersion: 0 })

    const [event] = await eventsOf(older.readAll({ after }))
    const [followed] = await takeEvents(older.subscribe({ after }), 1)

    assert.deepEqual([event?.type, event?.data], ['NoteAdded', { text: 'x' }])
    assert.equal(followed?.id, event?.id)
  })

  rule('passes over undeclared types that a filter leaves out', async ({ store, older }) => {
    const after = await store.head()
    await store.append(anyAccount(), [noted('x'), opened('Ada')], { expectedVersion: 0 })

    const pages = await pagesOf(older.readAll({ after, types: ['AccountOpened'] }))

    assert.deepEqual(
      pages.flatMap(({ events }) => events.map(({ type }) => type)),
      ['AccountOpened'],
    )
  })
}
