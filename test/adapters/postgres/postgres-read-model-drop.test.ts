import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import type pg from 'pg'
import { postgres, PostgresReadModel, type Database } from '../../../src/adapters/postgres/index.ts'
import { DatabaseError } from '../../../src/adapters/postgres/database/database-error.ts'
import { documentOf } from '../../../src/testing/contracts/read-model/contract-document.ts'
import { ContractModel } from '../../../src/testing/contracts/read-model/contract-model.ts'
import { describeOnServer, PostgresServer } from './postgres-server.ts'

const server = new PostgresServer()
jest.afterAll(() => server.close())

/** A database whose transactions begin when somebody says so; what they fail with is noted. */
function held(database: Database, until: () => Promise<void>) {
  const failures: unknown[] = []
  const transaction: Database['transaction'] = async (work) => {
    await until()
    try {
      return await database.transaction(work)
    } catch (error) {
      failures.push(error instanceof DatabaseError ? error.sqlState : error)
      throw error
    }
  }
  return { failures, database: { ...bound(database), transaction } }
}

function bound(database: Database): Database {
  return {
    query: (...statement) => database.query(...statement),
    script: (sql) => database.script(sql),
    session: (work) => database.session(work),
    transaction: (work) => database.transaction(work),
  }
}

/** Settles when an index that is being made has let go of its table. */
async function letGo(
  pool: pg.Pool,
  { table, making }: { readonly table: string; readonly making: Promise<void> },
): Promise<void> {
  const made = making.then(() => true)
  let wasLocked = false
  while (!(await Promise.race([made, sleep(1, false)]))) {
    const { rows } = await pool.query<{ isLocked: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_locks WHERE relation = to_regclass('${table}') AND mode = 'ShareUpdateExclusiveLock') AS "isLocked"`,
    )
    const isLocked = rows[0]?.isLocked === true
    if (wasLocked && !isLocked) return
    wasLocked ||= isLocked
  }
}

/** Makes an index whose last commit takes a tenth of a second: until then the index is not there for others, and its table is not locked any more. */
async function makeIndexSlowly(pool: pg.Pool, table: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('SET commit_delay = 100000; SET commit_siblings = 0')
    await client.query(`CREATE INDEX CONCURRENTLY ON ${table} (position)`)
  } finally {
    client.release(true)
  }
}

/** Drops a build while its index is being made: whether the drop met the index's last commit, and what is left of the table. */
async function dropBesideIndex(pool: pg.Pool) {
  const schema = server.anySchema()
  await pool.query(`CREATE SCHEMA ${schema}`)
  const names = { schema, recordsSchema: schema, table: 'documents' }
  const table = `${schema}.documents_b1`
  const database = postgres(pool)
  const given = new ContractModel(
    new PostgresReadModel<object>({ ...names, database }) as never,
    documentOf(),
  )
  const build = await given.build()
  let making: Promise<void> | undefined
  const { failures, database: waiting } = held(database, async () => {
    making ??= makeIndexSlowly(pool, table)
    await letGo(pool, { table, making })
  })
  const { storage } = new PostgresReadModel<object>({ ...names, database: waiting })

  await storage.drop(build)
  await making

  const { rows } = await pool.query(`SELECT to_regclass('${table}') AS found`)
  return { failures, rows }
}

describeOnServer('PostgresReadModel', () => {
  server.test('drops a build while another process makes an index of it', async () => {
    const pool = server.pool()
    const all: unknown[] = []
    // The drop meets the index only within a tenth of a second: a busy machine may miss it.
    for (let tries = 1; all.length === 0 && tries <= 50; tries += 1) {
      const { failures, rows } = await dropBesideIndex(pool)
      assert.deepEqual(rows, [{ found: null }])
      all.push(...failures)
    }
    assert.deepEqual(all, ['XX000'])
  })
})
