import { PGlite } from '@electric-sql/pglite'
import { describe, expect, test } from '@jest/globals'
import { DatabaseBrokenError } from '../../../src/adapters/pglite/index.ts'
import { newDatabase } from '../../../src/adapters/pglite/new-database.ts'
import { PGliteSession, type PGliteClient } from '../../../src/adapters/pglite/pglite-session.ts'
import { postgresEventStore, type Database } from '../../../src/adapters/postgres/index.ts'
import { runTransaction } from '../../../src/adapters/postgres/database/transaction.ts'
import { defineEvents, event, streamId } from '../../../src/index.ts'

const ABORTED = new Error('memory access out of bounds')

const notes = defineEvents('note', { NoteTaken: event<{ text: string }>() })

/** A machine that is broken, as PGlite's is after an abort; it answers the first statements. */
function breaking({ after = 0 } = {}) {
  const calls: string[] = []
  const client: PGliteClient = {
    execProtocolRawStream: async (message) => {
      calls.push(Buffer.from(message).toString('latin1'))
      if (calls.length > after) throw ABORTED
    },
    close: async () => {
      throw ABORTED
    },
  }
  return { calls, session: new PGliteSession(client) }
}

describe('a session whose database broke down', () => {
  test('does not ask for a repetition, and tells that the statement may have run', async () => {
    const { session } = breaking()

    const query = session.query({ text: 'SELECT 1' })

    await expect(query).rejects.toThrow(DatabaseBrokenError)
    await expect(query).rejects.toMatchObject({
      code: 'DATABASE_BROKEN',
      retryable: false,
      outcome: 'unknown',
      cause: ABORTED,
    })
  })

  test('runs nothing any more', async () => {
    const { session, calls } = breaking()
    await session.script('SELECT 1').catch(() => undefined)

    const later = session.query({ text: 'SELECT 2', name: 'two' })

    await expect(later).rejects.toMatchObject({ code: 'DATABASE_BROKEN', outcome: 'not-run' })
    expect(calls).toHaveLength(1)
  })

  test('can be closed', async () => {
    const { session } = breaking()
    await session.script('SELECT 1').catch(() => undefined)

    await expect(session.close()).resolves.toBeUndefined()
  })

  test('leaves nothing of a transaction that had not come to its end', async () => {
    const { session } = breaking({ after: 1 })

    const work = runTransaction(session, (inside) => inside.script('SELECT 1'))

    await expect(work).rejects.toMatchObject({ code: 'DATABASE_BROKEN', outcome: 'not-run' })
  })

  test('leaves the outcome of an append unknown', async () => {
    await using embedded = await abortable()
    const store = postgresEventStore({ database: embedded.database, catalogs: [notes] })
    const note = streamId('note', '1')
    await store.append(note, [notes.NoteTaken({ text: 'a' })], { expectedVersion: 0 })
    embedded.abort()

    const append = store.append(note, [notes.NoteTaken({ text: 'b' })], { expectedVersion: 'any' })

    await expect(append).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      cause: { code: 'DATABASE_BROKEN' },
    })
    await expect(store.head()).rejects.toMatchObject({ code: 'DATABASE_BROKEN' })
  })
})

/** A real database that runs statements until it is told to abort. */
async function abortable() {
  const pglite = await PGlite.create(await newDatabase())
  let isAborted = false
  const session = new PGliteSession({
    execProtocolRawStream: async (message, options) => {
      if (isAborted) throw ABORTED
      await pglite.execProtocolRawStream(message, options)
    },
    close: () => pglite.close(),
  })
  const database: Database = {
    query: (...call) => session.query(...call),
    script: (sql) => session.script(sql),
    session: (work) => work(session),
    transaction: (work) => runTransaction(session, work),
  }
  return {
    database,
    abort: () => {
      isAborted = true
    },
    [Symbol.asyncDispose]: () => session.close(),
  }
}
