import { beforeEach, describe, expect } from '@jest/globals'
import { z } from 'zod'
import {
  DatabaseUnavailableError,
  postgresEventStore,
  type Database,
  type DatabaseSession,
  type ImportProgress,
} from '../../../src/adapters/postgres/index.ts'
import { defineEvents, event, streamId, type EventStore } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { deposit, deposits, importerInto, logOf, outOfOrder, uuid } from './imported-history.ts'

/** What an import promises on every database. */
export function importTests(
  test: (name: string, run: () => Promise<void>, timeoutMs?: number) => void,
  open: () => Database,
  anySchema: () => string,
): void {
  let schema: string
  let database: Database
  let store: EventStore
  const ada = streamId('account', 'ada')

  beforeEach(() => {
    database = open()
    schema = anySchema()
    store = postgresEventStore({ database, catalogs: [accountEvents], schema })
  })

  describe('an import into an empty log', () => {
    test('writes the events in their order, with all that they have', async () => {
      const before = Date.now()
      const history = [
        deposit('ada', 1, {
          metadata: { userId: 'u1' },
          occurredAt: new Date('1999-12-31T23:59:59.999Z'),
        }),
        deposit('bob', 1),
        deposit('ada', 2, { data: { cents: -7.5, note: 'ä€😀' } }),
      ]

      const progress = await importerInto(database, { schema }).import(history)

      const log = await logOf(store)
      expect(progress).toEqual({ read: 3, written: 3, skipped: 0, position: log[2]?.position })
      expect(log.map(({ streamId: stream, version, id }) => [stream, version, id])).toEqual(
        history.map(({ streamId: stream, version, id }) => [stream, version, id]),
      )
      expect(log.map(({ position }) => position - (log[0]?.position ?? 0n))).toEqual([0n, 1n, 2n])
      expect(log[0]).toMatchObject({
        type: 'MoneyDeposited',
        data: { cents: 1 },
        schemaVersion: 1,
        metadata: { userId: 'u1' },
        occurredAt: new Date('1999-12-31T23:59:59.999Z'),
      })
      expect(log[1]?.metadata).toEqual({})
      expect(log[1]?.occurredAt).toEqual(log[1]?.recordedAt)
      expect(log[2]?.data).toEqual({ cents: -7.5, note: 'ä€😀' })
      expect(Math.abs((log[0]?.recordedAt.getTime() ?? 0) - before)).toBeLessThan(60_000)
    })

    test('keeps what COPY would take for something else', async () => {
      const texts = [
        '\\',
        '\\N',
        '\\.',
        '\t',
        '\n',
        '\r\n',
        '\\n',
        '"',
        '\u0000',
        '\b\f\v',
        '\u2028',
        '',
        '€\\😀',
      ]
      const strange = streamId('account', '\t\\N\r\n\\.😀')
      const catalog = defineEvents('account', { 'Noted\t\\\n': event<{ texts: string[] }>() })
      const reader = postgresEventStore({ database, catalogs: [catalog], schema })
      const noted = {
        streamId: strange,
        version: 1,
        id: uuid('noted'),
        type: 'Noted\t\\\n',
        data: { texts, [texts.join()]: 1 },
        metadata: { texts },
      }

      await importerInto(database, { schema, catalog }).import([noted])

      const [found] = await logOf(reader)
      expect(found).toMatchObject({ streamId: strange, type: 'Noted\t\\\n' })
      expect(found?.data).toEqual(noted.data)
      expect(found?.metadata).toEqual({ texts })
    })

    test('keeps moments far away', async () => {
      const moments = [Date.UTC(-4712, 0, 1), -62_135_596_800_001, 0, 253_402_300_800_000, 8.64e15]
      const history = moments.map((ms, index) =>
        deposit('ada', index + 1, { occurredAt: new Date(ms) }),
      )

      await importerInto(database, { schema }).import(history)

      const log = await logOf(store)
      expect(log.map(({ occurredAt }) => occurredAt.getTime())).toEqual(moments)
    })

    test('takes an iterable that waits, and none at all', async () => {
      async function* slow() {
        yield deposit('ada', 1)
        await Promise.resolve()
        yield deposit('ada', 2)
      }
      const importer = importerInto(database, { schema })

      const nothing = await importer.import([])
      const progress = await importer.import(slow())

      expect(nothing).toEqual({ read: 0, written: 0, skipped: 0, position: undefined })
      expect(progress).toMatchObject({ read: 2, written: 2 })
    })

    test('tells its progress after each commit', async () => {
      const heard: ImportProgress[] = []

      const progress = await importerInto(database, { schema }).import(
        deposits(25, { accounts: 4 }),
        { chunkSize: 10, onProgress: (each) => heard.push(each) },
      )

      const log = await logOf(store)
      const counts = [10, 20, 25]
      expect(heard).toEqual(
        counts.map((read) => ({
          read,
          written: read,
          skipped: 0,
          position: log[read - 1]?.position,
        })),
      )
      expect(progress).toEqual(heard[2])
    })

    test('counts what a commit wrote whose reply was lost', async () => {
      let commits = 0
      const losing: Database = {
        ...boundTo(database),
        transaction: async (work) => {
          const result = await database.transaction(work)
          if (++commits === 2)
            throw new DatabaseUnavailableError('unknown', { cause: new Error('lost') })
          return result
        },
      }

      await store.head()
      const progress = await importerInto(losing, { schema }).import(deposits(6, { accounts: 2 }), {
        chunkSize: 2,
      })

      expect(commits).toBe(4)
      expect(progress).toMatchObject({ read: 6, written: 6, skipped: 0 })
      expect(await logOf(store)).toHaveLength(6)
    })

    test('takes an event that is larger than a chunk may be', async () => {
      const note = 'x\\'.repeat(3_000_000)
      const large = [1, 2, 3].map((version) => deposit('ada', version, { data: { note, version } }))
      const heard: number[] = []

      await importerInto(database, { schema }).import(large, {
        onProgress: ({ read }) => heard.push(read),
      })

      const log = await logOf(store)
      expect(log.map(({ data }) => data)).toEqual(large.map(({ data }) => data))
      expect(heard).toEqual([1, 2, 3])
    }, 60_000)
  })

  describe('an import into a log with events', () => {
    test('goes on where a stream ends, and appends go on after it', async () => {
      await store.append(ada, [accountEvents.AccountOpened({ owner: 'Ada' })], {
        expectedVersion: 0,
      })

      await importerInto(database, { schema }).import([deposit('ada', 2), deposit('ada', 3)])
      const { version } = await store.append(ada, [accountEvents.AccountClosed({})], {
        expectedVersion: 3,
      })

      expect(version).toBe(4)
      expect(outOfOrder(await logOf(store))).toEqual([])
    })

    test('skips what was imported before, wherever chunks end', async () => {
      const importer = importerInto(database, { schema })
      await importer.import(deposits(25, { accounts: 4 }), { chunkSize: 10 })
      const before = await logOf(store)

      const progress = await importer.import(deposits(40, { accounts: 4 }), { chunkSize: 7 })

      const log = await logOf(store)
      expect(progress).toEqual({ read: 40, written: 15, skipped: 25, position: log[39]?.position })
      expect(log.slice(0, 25).map(({ id, position }) => [id, position])).toEqual(
        before.map(({ id, position }) => [id, position]),
      )
      expect(log.map(({ id }) => id)).toEqual(
        [...deposits(40, { accounts: 4 })].map(({ id }) => id),
      )
    })

    test('writes what is missing between events that are there', async () => {
      const importer = importerInto(database, { schema })
      await importer.import([deposit('ada', 1), deposit('bob', 1)])

      const progress = await importer.import([
        deposit('new', 1),
        deposit('ada', 1, { id: uuid('ada 1').toUpperCase() }),
        deposit('ada', 2),
        deposit('bob', 1),
        deposit('ada', 3),
      ])

      const log = await logOf(store)
      expect(progress).toMatchObject({ read: 5, written: 3, skipped: 2 })
      expect(log.slice(2).map(({ id }) => id)).toEqual([
        uuid('new 1'),
        uuid('ada 2'),
        uuid('ada 3'),
      ])
    })

    test('tells the position that shows all of the input, also when all was there', async () => {
      const importer = importerInto(database, { schema })
      const { position } = await importer.import([deposit('ada', 1), deposit('bob', 1)])

      const again = await importer.import([deposit('bob', 1), deposit('ada', 1)])

      expect(again).toEqual({ read: 2, written: 0, skipped: 2, position })
    })

    test('skips an event that the input has twice', async () => {
      const history = [deposit('ada', 1), deposit('ada', 2), deposit('ada', 1), deposit('ada', 3)]

      const together = await importerInto(database, { schema }).import(history)
      const apart = await importerInto(database, { schema }).import(history, { chunkSize: 1 })

      expect(together).toMatchObject({ read: 4, written: 3, skipped: 1 })
      expect(apart).toMatchObject({ read: 4, written: 0, skipped: 4 })
    })

    test('carries data of an older shape on when it is read', async () => {
      const schemaOfCents = z.object({ cents: z.number().int() })
      const catalog = defineEvents('account', {
        MoneyDeposited: event<{ cents: number }, [{ amount: number }]>({
          upcast: { 1: ({ amount }) => ({ cents: Math.round(amount * 100) }) },
          schema: schemaOfCents,
        }),
      })
      const reader = postgresEventStore({ database, catalogs: [catalog], schema })

      await importerInto(database, { schema, catalog }).import([
        deposit('ada', 1, { schemaVersion: 1, data: { amount: 1.5 } }),
        deposit('ada', 2, { schemaVersion: 2, data: { cents: 20 } }),
        deposit('ada', 3, { data: { cents: 30 } }),
      ])

      const log = await logOf(reader)
      expect(log.map(({ data, schemaVersion }) => [data, schemaVersion])).toEqual([
        [{ cents: 150 }, 2],
        [{ cents: 20 }, 2],
        [{ cents: 30 }, 2],
      ])
    })
  })

  describe('an import is refused', () => {
    test('where another event stands in the log', async () => {
      await importerInto(database, { schema }).import([deposit('ada', 1), deposit('ada', 2)])

      const running = importerInto(database, { schema }).import([
        deposit('new', 1),
        deposit('ada', 2, { id: uuid('other') }),
      ])

      await expect(running).rejects.toMatchObject({
        code: 'IMPORT_CONFLICT',
        streamId: ada,
        version: 2,
        storedId: uuid('ada 2'),
        importedId: uuid('other'),
      })
      expect(await logOf(store)).toHaveLength(2)
    })

    test('where another event stands earlier in the input', async () => {
      const history = [deposit('ada', 1), deposit('ada', 1, { id: uuid('other') })]
      const conflict = {
        code: 'IMPORT_CONFLICT',
        storedId: uuid('ada 1'),
        importedId: uuid('other'),
      }

      const together = importerInto(database, { schema }).import(history)
      await expect(together).rejects.toMatchObject(conflict)
      const apart = importerInto(database, { schema }).import(history, { chunkSize: 1 })
      await expect(apart).rejects.toMatchObject(conflict)

      expect(await logOf(store)).toHaveLength(1)
    })

    test('where it would leave a gap, after the chunks before it', async () => {
      const history = [deposit('ada', 1), deposit('bob', 1), deposit('bob', 2), deposit('ada', 3)]

      const running = importerInto(database, { schema }).import(history, { chunkSize: 2 })

      await expect(running).rejects.toMatchObject({
        code: 'IMPORT_GAP',
        streamId: ada,
        version: 3,
        expected: 2,
      })
      expect((await logOf(store)).map(({ id }) => id)).toEqual([uuid('ada 1'), uuid('bob 1')])
    })

    test('where another server has lost what was written', async () => {
      let server = 0
      const failingOver: Database = {
        ...boundTo(database),
        transaction: (work) =>
          database.transaction(async (session) => {
            if (++server === 2) await session.script(`DELETE FROM ${schema}.events`)
            return work(sessionOn(session, `server ${server}`))
          }),
      }
      await store.head()

      const running = importerInto(failingOver, { schema }).import(
        [deposit('ada', 1), deposit('ada', 2)],
        { chunkSize: 1 },
      )

      await expect(running).rejects.toMatchObject({ code: 'IMPORT_GAP', version: 2, expected: 1 })
    })

    test('where the events of a stream are not in order', async () => {
      const history = [deposit('ada', 1), deposit('ada', 3), deposit('ada', 2)]

      const running = importerInto(database, { schema }).import(history)

      await expect(running).rejects.toMatchObject({ code: 'IMPORT_GAP', version: 3, expected: 2 })
      expect(await logOf(store)).toEqual([])
    })

    test('for an event that is unusable, before anything of its chunk is sent', async () => {
      const catalog = defineEvents('account', {
        MoneyDeposited: event<{ cents: number }>({ schema: z.object({ cents: z.number() }) }),
      })
      const importer = importerInto(database, { schema, catalog })
      const codeOf = async (bad: object): Promise<unknown> =>
        importer
          .import([deposit('new', 1), deposit('new', 2, bad)])
          .catch((error: unknown) => (error as { readonly code: unknown }).code)

      expect(await codeOf({ type: 'BonusPaid' })).toBe('UNKNOWN_EVENT_TYPE')
      expect(await codeOf({ streamId: 'customer-1' })).toBe('UNKNOWN_EVENT_TYPE')
      expect(await codeOf({ streamId: 'new' })).toBe('INVALID_STREAM_ID')
      expect(await codeOf({ data: { cents: 'x' } })).toBe('EVENT_DATA_REFUSED')
      expect(await codeOf({ data: { cents: 1, at: new Date() } })).toBe('NOT_JSON')
      expect(await codeOf({ metadata: { at: 1n } })).toBe('NOT_JSON')
      expect(await codeOf({ schemaVersion: 2 })).toBe('NEWER_SCHEMA_VERSION')
      expect(await codeOf({ schemaVersion: 0 })).toBe('INVALID_VERSION')
      expect(await codeOf({ version: 1.5 })).toBe('INVALID_VERSION')
      expect(await codeOf({ version: 0 })).toBe('INVALID_VERSION')
      expect(await codeOf({ id: 'seven' })).toBe('INVALID_EVENT')
      expect(await codeOf({ id: undefined })).toBe('INVALID_EVENT')
      expect(await codeOf({ occurredAt: new Date('never') })).toBe('INVALID_EVENT')
      expect(await logOf(store)).toEqual([])
    })

    test('when the chunk size is none', async () => {
      const running = importerInto(database, { schema }).import([], { chunkSize: 0 })

      await expect(running).rejects.toThrow(TypeError)
    })
  })

  describe('an import that is aborted', () => {
    test('before it begins writes nothing', async () => {
      const reason = new Error('enough')

      const running = importerInto(database, { schema }).import([deposit('ada', 1)], {
        signal: AbortSignal.abort(reason),
      })

      await expect(running).rejects.toBe(reason)
      expect(await store.head()).toBeUndefined()
    })

    test('ends after the commit in hand, and gives its input back', async () => {
      const abort = new AbortController()
      const reason = new Error('enough')
      let isGivenBack = false
      function* history() {
        try {
          yield* deposits(1000, { accounts: 3 })
        } finally {
          isGivenBack = true
        }
      }

      const running = importerInto(database, { schema }).import(history(), {
        chunkSize: 10,
        signal: abort.signal,
        onProgress: ({ read }) => {
          if (read === 30) abort.abort(reason)
        },
      })

      await expect(running).rejects.toBe(reason)
      expect(await logOf(store)).toHaveLength(30)
      expect(isGivenBack).toBe(true)
    })

    test('does not wait for the next event', async () => {
      const abort = new AbortController()
      const reason = new Error('enough')
      async function* endless() {
        yield deposit('ada', 1)
        await new Promise(() => undefined)
      }

      const running = importerInto(database, { schema }).import(endless(), {
        chunkSize: 1,
        signal: abort.signal,
        onProgress: () => {
          abort.abort(reason)
        },
      })

      await expect(running).rejects.toBe(reason)
    })
  })
}

/** Its methods, with what they need. */
function boundTo(database: Database): Database {
  return {
    query: (...call) => database.query(...call),
    script: (sql) => database.script(sql),
    session: (work) => database.session(work),
    transaction: (work) => database.transaction(work),
    ...(database.copyIn && { copyIn: database.copyIn.bind(database) }),
  }
}

/** A session on a server that started at another time: the last of the four columns that an import asks for first. */
function sessionOn(session: DatabaseSession, start: string): DatabaseSession {
  return {
    script: (sql) => session.script(sql),
    query: async (...call) => {
      const rows = await session.query(...call)
      return rows.map((row) => (row.length === 4 ? [...row.slice(0, 3), start] : row))
    },
    ...(session.copyIn && { copyIn: session.copyIn.bind(session) }),
  }
}
