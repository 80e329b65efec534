import { describe, expect, test } from '@jest/globals'
import {
  postgresEventStore,
  type Database,
  type DatabaseSession,
  type PostgresEventStore,
} from '../../../src/adapters/postgres/index.ts'
import { streamId, type RecordedEvent } from '../../../src/index.ts'
import { eventsOf, range } from '../../../src/testing/contracts/event-store/reading.ts'
import { accountEvents } from '../../domain/account.ts'

const { MoneyDeposited } = accountEvents
const account = streamId('account', '1')
const ANY = { expectedVersion: 'any' } as const

/** Where the tests run: a database with an empty schema of that name. */
export interface WithinSubject {
  readonly name: string
  open(): Promise<{ readonly database: Database; readonly schema: string }>
}

/** `store.within` on a session of `Database.transaction`. */
export function withinTests({ name, open }: WithinSubject): void {
  const openStore = async (): Promise<{ database: Database; store: PostgresEventStore }> => {
    const { database, schema } = await open()
    const store = postgresEventStore({ database, schema, catalogs: [accountEvents] })
    await store.migrate()
    return { database, store }
  }

  describe(`store.within, ${name}`, () => {
    test('appends with the transaction, or not at all', async () => {
      const { database, store } = await openStore()
      const append = (session: DatabaseSession, cents: number) =>
        store.within(session).append(account, [MoneyDeposited({ cents })], ANY)

      await database.transaction((session) => append(session, 1))
      const rolledBack = database.transaction(async (session) => {
        await append(session, 2)
        throw new Error('No.')
      })

      await expect(rolledBack).rejects.toThrow('No.')
      expect((await logOf(store)).map(({ data }) => data)).toEqual([{ cents: 1 }])
    })

    test('sees what the transaction has appended before', async () => {
      const { database, store } = await openStore()

      const versions = await database.transaction(async (session) => {
        const writer = store.within(session)
        const first = await writer.append(account, [MoneyDeposited({ cents: 1 })], {
          expectedVersion: 'no-stream',
        })
        const [second] = await writer.appendAll([
          {
            streamId: account,
            events: [MoneyDeposited({ cents: 2 }), MoneyDeposited({ cents: 3 })],
            expectedVersion: first.version,
          },
        ])
        return [first.version, second?.version]
      })

      expect(versions).toEqual([1, 3])
    })

    test('refuses a stale version, and the transaction can go on', async () => {
      const { database, store } = await openStore()
      await store.append(account, [MoneyDeposited({ cents: 1 })], ANY)

      await database.transaction(async (session) => {
        const writer = store.within(session)
        const stale = writer.append(account, [MoneyDeposited({ cents: 2 })], {
          expectedVersion: 0,
        })
        await expect(stale).rejects.toMatchObject({ code: 'WRONG_EXPECTED_VERSION', actual: 1 })
        await writer.append(account, [MoneyDeposited({ cents: 3 })], { expectedVersion: 1 })
      })

      expect((await logOf(store)).map(({ version }) => version)).toEqual([1, 2])
    })

    test('takes one lock for all appends of a transaction, whatever their number', async () => {
      const { database, store } = await openStore()

      const [locks] = await database.transaction(async (session) => {
        const writer = store.within(session)
        for (const cents of range(1, 300))
          await writer.append(account, [MoneyDeposited({ cents })], ANY)
        return session.query({
          text: "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        })
      })

      expect(locks).toEqual(['1'])
    })

    test('takes the lock again after the savepoint that had it was rolled back', async () => {
      const { database, store } = await openStore()

      const [locks] = await database.transaction(async (session) => {
        const writer = store.within(session)
        await session.script('SAVEPOINT before')
        await writer.append(account, [MoneyDeposited({ cents: 1 })], ANY)
        await session.script('ROLLBACK TO before')
        await writer.append(account, [MoneyDeposited({ cents: 2 })], ANY)
        return session.query({
          text: "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        })
      })

      expect(locks).toEqual(['1'])
      expect((await logOf(store)).map(({ data }) => data)).toEqual([{ cents: 2 }])
    })

    test('needs no second connection when the store was not used before', async () => {
      const { database, schema } = await open()
      await postgresEventStore({ database, schema, catalogs: [accountEvents] }).migrate()
      const store = postgresEventStore({ database, schema, catalogs: [accountEvents] })

      const { version } = await database.transaction((session) =>
        store.within(session).append(account, [MoneyDeposited({ cents: 1 })], ANY),
      )

      expect(version).toBe(1)
    })

    test('is refused on a database: each append would commit by itself', async () => {
      const { database, store } = await openStore()

      expect(() => store.within(database)).toThrow('not a pool or a database')
    })

    test('waits for as long as the transaction does', async () => {
      const { database, store } = await openStore()
      const waits: unknown[] = []

      await database.transaction(async (session) => {
        const watched: DatabaseSession = {
          query: (statement, parameters) => {
            waits.push(statement.timeoutMs)
            return session.query(statement, parameters)
          },
          script: (sql) => session.script(sql),
        }
        await store.within(watched).append(account, [MoneyDeposited({ cents: 1 })], ANY)
      })

      expect(waits.at(-1)).toBe(0)
    })

    test('migrates nothing inside the transaction', async () => {
      const { database, schema } = await open()
      const store = postgresEventStore({ database, schema, catalogs: [accountEvents] })

      const append = database.transaction((session) =>
        store.within(session).append(account, [MoneyDeposited({ cents: 1 })], ANY),
      )

      await expect(append).rejects.toMatchObject({ code: 'SCHEMA_VERSION', found: 0 })
    })
  })
}

export const logOf = (store: PostgresEventStore): Promise<readonly RecordedEvent[]> =>
  eventsOf(store.readAll())
