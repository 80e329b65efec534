import { expect, test } from '@jest/globals'
import type { DatabaseSession } from '../../../src/adapters/postgres/index.ts'
import { append, deposited, openStore } from '../../projections/runner-fixture.ts'
import { runnerOf, Statements, type SqlPlace } from './sql-projection-fixture.ts'

/** That the transaction of a batch is not `apply`'s to end, on any `Database`. */
export function sqlTransactionTests(place: SqlPlace): void {
  test('loses nothing of a batch whose apply commits, and then throws', async () => {
    const store = openStore()
    const statements = new Statements(place)
    await append(store, 'ada', deposited(1), deposited(2))
    const wrong = statements.declare({
      before: async (_, session) => {
        await session.query({ text: 'COMMIT' })
        throw new RangeError('Once.')
      },
    })

    const failed = runnerOf(store, wrong).runUntilCaughtUp()

    await expect(failed).rejects.toMatchObject({
      code: 'SQL_PROJECTION_FAILED',
      cause: { message: expect.stringContaining("apply sent 'COMMIT'") as unknown },
    })
    await runnerOf(store, statements.declare()).runUntilCaughtUp()
    expect(await statements.totals()).toEqual({ ada: [3, 2] })
  })

  test('doubles nothing of a batch whose apply rolls back, and goes on', async () => {
    const store = openStore()
    const statements = new Statements(place)
    await append(store, 'ada', deposited(1), deposited(2))
    const wrong = statements.declare({
      before: (_, session) => session.script('SELECT 1; -- undone:\n rollback'),
    })

    const failed = runnerOf(store, wrong).runUntilCaughtUp({
      signal: AbortSignal.timeout(3000),
    })

    await expect(failed).rejects.toMatchObject({ code: 'SQL_PROJECTION_FAILED' })
    await runnerOf(store, statements.declare()).runUntilCaughtUp()
    expect(await statements.totals()).toEqual({ ada: [3, 2] })
  })

  test('leaves no setting on a connection that others use afterwards', async () => {
    const store = openStore()
    const statements = new Statements(place)
    await append(store, 'ada', deposited(1))
    const wrong = statements.declare({
      before: (_, session) => session.query({ text: 'SET synchronous_commit = off' }),
    })

    const failed = runnerOf(store, wrong).runUntilCaughtUp()

    await expect(failed).rejects.toMatchObject({
      code: 'SQL_PROJECTION_FAILED',
      cause: { message: expect.stringContaining('SET LOCAL') as unknown },
    })
  })

  test('lets apply use savepoints, local settings, and words that only look like an end', async () => {
    const store = openStore()
    const statements = new Statements(place)
    await append(store, 'ada', deposited(1), deposited(2))
    const tables = statements.declare({ before: (_, session) => harmless(session) })

    await runnerOf(store, tables).runUntilCaughtUp()

    expect(await statements.totals()).toEqual({ ada: [3, 2] })
  })
}

async function harmless(session: DatabaseSession): Promise<void> {
  await session.query({ text: 'SAVEPOINT here' })
  await session.query({ text: 'ROLLBACK TO SAVEPOINT here' })
  await session.query({ text: 'rollback work to here' })
  await session.query({ text: "SET LOCAL work_mem = '8MB'" })
  await session.query({ text: 'SET CONSTRAINTS ALL IMMEDIATE' })
  await session.script(`
    SELECT '; COMMIT', E'\\'; COMMIT' AS "; END" /* ; COMMIT */; -- ; COMMIT
    SELECT CASE WHEN true THEN 1
    END; DO $body$ BEGIN PERFORM 1; END $body$`)
}
