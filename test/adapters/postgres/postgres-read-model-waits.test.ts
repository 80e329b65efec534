import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import {
  bigint,
  postgres,
  PostgresReadModel,
  type Database,
} from '../../../src/adapters/postgres/index.ts'
import { DatabaseError } from '../../../src/adapters/postgres/database/database-error.ts'
import { globalPosition } from '../../../src/event-store/global-position.ts'
import type { Build } from '../../../src/projections/builds/build.ts'
import {
  changesOf,
  documentOf,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { parkedEvent } from '../../../src/testing/contracts/read-model/contract-parked.ts'
import { ContractModel } from '../../../src/testing/contracts/read-model/contract-model.ts'
import { eventually } from '../../faults/eventually.ts'
import { describeOnServer, PostgresServer, skipped } from './postgres-server.ts'

const server = new PostgresServer()
const schema = server.anySchema()
let shared: Database | undefined
const database = (): Database => (shared ??= postgres(server.pool()))

jest.beforeAll(async () => {
  if (skipped === undefined) await database().script(`CREATE SCHEMA ${schema}`)
})
jest.afterAll(() => server.close())

describeOnServer('PostgresReadModel beside others', () => {
  jest.it.each([
    ['the lane', () => `SELECT 1 FROM ${schema}.read_model_lanes FOR UPDATE`],
    ['the table', (table: string) => `LOCK TABLE ${schema}.${table}_b1 IN ACCESS EXCLUSIVE MODE`],
  ])('gives up a commit that waits for %s before the lease ends', async (_what, lock) => {
    const { table, given } = anyModel()
    const build = await given.build()
    await given.write(build, [row('a')])
    const step = await given.step(build, { leaseMs: 3000 })
    const parks = changesOf([row('a', 2)], { park: [parkedEvent('b', 1)] })

    const tookMs = await whileLocked(lock(table), async () => {
      const start = performance.now()
      const commits = [changesOf([row('a', 2)]), parks].map((changes) =>
        assert.rejects(given.storage.commit(build, step, changes), {
          code: 'DATABASE_UNAVAILABLE',
          outcome: 'unknown',
        }),
      )
      await Promise.all(commits)
      return performance.now() - start
    })

    assert.ok(tookMs > 2200 && tookMs < 3000, `${tookMs} ms`)
  })

  jest.it("gives up a lane's write that waits for a lock before the lease ends", async () => {
    const { given } = anyModel()
    const build = await given.build()
    const step = await given.step(build, { leaseMs: 3000 })

    const lock = `SELECT 1 FROM ${schema}.read_model_lanes FOR UPDATE`
    const tookMs = await whileLocked(lock, async () => {
      const start = performance.now()
      const written = given.storage.writeLane(build, step)
      await assert.rejects(written, { code: 'DATABASE_UNAVAILABLE' })
      return performance.now() - start
    })

    assert.ok(tookMs > 2200 && tookMs < 3000, `${tookMs} ms`)
  })

  jest.it('writes nothing with a commit that lands after another one took the lane', async () => {
    const { given } = anyModel()
    const build = await given.build()
    const late = await given.step(build, { leaseMs: 100 })
    const claim = { ...late, next: { ...late.next, revision: randomUUID(), leaseMs: 0 } }

    await whileLocked(`LOCK TABLE ${schema}.read_model_lanes`, async () => {
      const commit = given.storage.commit(
        build,
        late,
        changesOf([row('a')], { park: [parkedEvent('b', 1)] }),
      )
      await assert.rejects(commit, { code: 'DATABASE_UNAVAILABLE' })
    })
    const isClaimed = await given.storage.writeLane(build, claim)

    // Either it has landed whole before the claim, or nothing of it ever does.
    const { revision } = await given.storage.readLane(build, 0)
    const found = [(await given.all(build)).length, (await given.parked(build)).length]
    assert.equal(revision, (isClaimed ? claim : late).next.revision)
    assert.deepEqual(found, isClaimed ? [0, 0] : [1, 1])
  })

  jest.it('lets the live build be written while its indexes are made', async () => {
    const { table, given } = anyModel([{ columns: ['count'] }])
    const build = await given.build()
    await given.write(build, [row('a')])

    const { finishing, tookMs } = await whileWriting(table, async () => {
      const finishing = given.storage.finish(build)
      await eventually(async () => (await waiting(table)).length > 0)
      const start = performance.now()
      await given.write(build, [row('b', 2)])
      return { finishing, tookMs: performance.now() - start }
    })
    await finishing

    assert.ok(tookMs < 5000, `${tookMs} ms`)
    assert.deepEqual(await validity(table), ['t'])
  })

  jest.it('makes an index anew when the process that made it was cut off', async () => {
    const { table, given } = anyModel([{ columns: ['count'] }])
    const build = await given.build()
    await given.write(build, [row('a')])
    await whileWriting(table, async () => {
      const cut = assert.rejects(given.storage.finish(build), { code: 'DATABASE_UNAVAILABLE' })
      await eventually(async () => (await waiting(table)).length > 0)
      for (const pid of await waiting(table))
        await database().query({ text: 'SELECT pg_terminate_backend($1::integer)' }, [pid])
      await cut
    })
    const left = await validity(table)

    await given.storage.finish(build)

    assert.deepEqual([left, await validity(table)], [['f'], ['t']])
  })

  jest.it('waits for an index that another process is making, and leaves it', async () => {
    const { table, given } = anyModel([{ columns: ['count'] }])
    const build = await given.build()

    const { finishing, oid } = await whileWriting(table, async () => {
      const first = given.storage.finish(build)
      await eventually(async () => (await waiting(table)).length > 0)
      const second = given.storage.finish(build)
      await sleep(500)
      assert.equal((await waiting(table)).length, 1)
      return { finishing: Promise.all([first, second]), oid: await oidOf(table) }
    })
    await finishing

    assert.deepEqual(await validity(table), ['t'])
    assert.equal(await oidOf(table), oid)
  })

  jest.it.each(['live', 'building'] as const)(
    'makes indexes once from many connections: %s',
    async (kind) => {
      const { table, given } = anyModel()
      const live = await given.build()
      const build: Build = kind === 'live' ? live : await given.buildBeside()
      const indexes = [{ columns: ['count'] }, { columns: ['count', 'key'] }] as const
      const models = Array.from({ length: 6 }, () => anyModel(indexes, table).given)

      await Promise.all(models.map(({ storage }) => storage.finish(build)))

      assert.deepEqual(await validity(table, build.number), ['t', 't'])
    },
  )

  jest.it('makes an index again when another session changed the catalog meanwhile', async () => {
    const { table, given } = anyModel()
    const build = await given.build()
    const indexes = [{ columns: ['count'] }] as const
    const { given: raced } = anyModel(indexes, table, racedOnce(database()))

    await raced.storage.finish(build)

    assert.deepEqual(await validity(table, build.number), ['t'])
  })
})

/** Fails the first time that an index is made, as a server does whose catalog two sessions change at once. */
function racedOnce(inner: Database): Database {
  let hasFailed = false
  const script: Database['script'] = async (sql) => {
    if (hasFailed || !sql.includes('INDEX CONCURRENTLY')) return inner.script(sql)
    hasFailed = true
    throw new DatabaseError('XX000', { cause: new Error('tuple concurrently updated') })
  }
  return new Proxy(inner, {
    get: (target, key) => {
      if (key === 'script') return script
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}

type Indexes = readonly { readonly columns: readonly ('count' | 'key')[] }[]

function anyModel(
  indexes: Indexes = [],
  table = `counts_${randomBytes(6).toString('hex')}`,
  through = database(),
) {
  const model = new PostgresReadModel({
    ...{ database: through, schema, recordsSchema: schema, table },
    ...{ columns: { count: bigint }, indexes },
  })
  return { table, given: new ContractModel(model as never, documentOf()) }
}

const row = (key: string, count = 1) => ({
  ...{ key, document: { count } as never, position: globalPosition(1) },
})

/** Runs `work` while another connection holds what a statement locks. */
function whileLocked<Result>(lock: string, work: () => Promise<Result>): Promise<Result> {
  return database().transaction(async (session) => {
    await session.query({ text: lock })
    return work()
  })
}

/** Runs `work` while another connection has written to the live build and not committed: who makes an index waits for it. */
const whileWriting = <Result>(table: string, work: () => Promise<Result>): Promise<Result> =>
  whileLocked(
    `INSERT INTO ${schema}.${table}_b1 (key, position, count) VALUES ('open', 1, 1)`,
    work,
  )

/** Processes of the server that wait to make or drop an index of a table. */
async function waiting(table: string): Promise<readonly (string | null)[]> {
  const text = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ '^(CREATE|DROP) INDEX' AND strpos(query, $1) > 0`
  return (await database().query({ text }, [table])).map(([pid]) => pid ?? null)
}

const INDEXES = `FROM pg_index WHERE indrelid = $1::regclass AND NOT indisprimary`

async function validity(table: string, build = 1): Promise<readonly unknown[]> {
  const text = `SELECT indisvalid ${INDEXES}`
  return (await database().query({ text }, [`${schema}.${table}_b${build}`])).flat()
}

async function oidOf(table: string): Promise<unknown> {
  const text = `SELECT indexrelid ${INDEXES}`
  return (await database().query({ text }, [`${schema}.${table}_b1`]))[0]?.[0]
}
