import * as jest from '@jest/globals'
import { beforeAll, expect } from '@jest/globals'
import { fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import {
  ImportInterruptedError,
  postgres,
  type Database,
  type ImportProgress,
} from '../../../src/adapters/postgres/index.ts'
import { streamId, type EventStore, type RecordedEvent } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { follow } from '../../faults/follow.ts'
import { openStore } from '../../faults/open-store.ts'
import { seededRandom, seeds } from '../../faults/seeded-random.ts'
import type { ImportedSoFar } from './import-process.ts'
import { importTests } from './import-tests.ts'
import { deposit, deposits, importerInto, logOf, outOfOrder } from './imported-history.ts'
import { describeOnServer, PostgresServer } from './postgres-server.ts'

const server = new PostgresServer()

jest.afterAll(() => server.close())

describeOnServer('on a server', () => {
  let database: Database

  beforeAll(() => {
    database = postgres(server.pool())
  })

  importTests(
    (name, run, timeoutMs) => {
      server.test(name, run, timeoutMs)
    },
    () => database,
    () => server.anySchema(),
  )
})

describeOnServer('an import through a database that copies', () => {
  server.test('writes nothing silently when the session of its transaction does not', async () => {
    const database = postgres(server.pool())
    const schema = server.anySchema()
    const withoutCopy: Database = {
      ...database,
      transaction: (work) =>
        database.transaction((session) =>
          work({
            query: (...call) => session.query(...call),
            script: (sql) => session.script(sql),
          }),
        ),
    }

    const running = importerInto(withoutCopy, { schema }).import([deposit('ada', 1)])

    await expect(running).rejects.toThrow(/copyIn/)
    expect(await logOf(openStore(server.pool(), schema))).toEqual([])
  })
})

describeOnServer('an import while others are at the log', () => {
  server.test('is announced before it draws positions', async () => {
    const database = postgres(server.pool())
    const schema = server.anySchema()
    const store = openStore(server.pool(), schema)
    await store.append(streamId('account', 'ada'), opened, { expectedVersion: 0 })
    const { gated, written, open } = gatedCommits(database)

    const running = importerInto(gated, { schema }).import([deposit('bob', 1)])
    await written
    await store.append(streamId('account', 'carl'), opened, { expectedVersion: 0 })
    const seenMeanwhile = await logOf(store)
    open()
    await running

    const idsOf = (log: readonly RecordedEvent[]) => log.map(({ streamId: id }) => id)
    expect(idsOf(seenMeanwhile)).toEqual(['account-ada'])
    expect(idsOf(await logOf(store))).toEqual(['account-ada', 'account-bob', 'account-carl'])
  })

  for (const seed of seeds(2))
    server.test(
      `shows followers each event once and in order, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const pool = server.pool({ max: 20 })
        const schema = server.anySchema()
        const store = openStore(pool, schema)
        await store.head()
        const stopped = new AbortController()
        const followers = [0, random.below(300)].map((delayMs) =>
          follow(store, { delayMs, signal: stopped.signal }),
        )

        const importing = Promise.all(
          ['one', 'two'].map((name) =>
            importerInto(postgres(pool), { schema }).import(
              deposits(4000, { accounts: 30, name }),
              { chunkSize: 1 + random.below(300) },
            ),
          ),
        )
        const appending = Promise.all(
          [0, 1, 2, 3].map((writer) => appendUntil(store, writer, importing)),
        )
        await Promise.all([importing, appending])
        const { rows } = await pool.query<{ id: string }>(
          `SELECT id FROM ${schema}.events ORDER BY position`,
        )
        await Promise.all(followers.map((follower) => follower.seesAsMany(rows.length)))
        stopped.abort()

        expect(rows.length).toBeGreaterThan(8000)
        for (const follower of followers) {
          expect(follower.failure()).toBeUndefined()
          expect(follower.seen.map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
          expect(outOfOrder(follower.seen)).toEqual([])
        }
      },
      60_000,
    )

  server.test('is one with another import of the same history', async () => {
    const pool = server.pool()
    const schema = server.anySchema()
    const database = postgres(pool)
    const history = [...deposits(3000, { accounts: 50 })]

    const all = await Promise.all(
      [70, 110, 300].map((chunkSize) =>
        importerInto(database, { schema }).import(history, { chunkSize }),
      ),
    )

    const log = await logOf(openStore(pool, schema))
    expect(all.map(({ read }) => read)).toEqual([3000, 3000, 3000])
    expect(all.reduce((sum, { written }) => sum + written, 0)).toBe(3000)
    expect(log.map(({ id }) => id).toSorted()).toEqual(history.map(({ id }) => id).toSorted())
    expect(outOfOrder(log)).toEqual([])
  })

  server.test('is refused when somebody else appends to its stream meanwhile', async () => {
    const pool = server.pool()
    const schema = server.anySchema()
    const store = openStore(pool, schema)
    const ada = streamId('account', 'ada')

    const running = importerInto(postgres(pool), { schema }).import(
      (async function* () {
        yield deposit('ada', 1)
        yield deposit('ada', 2)
        await store.append(ada, opened, { expectedVersion: 'stream-exists' })
        yield deposit('ada', 3)
      })(),
      { chunkSize: 1 },
    )

    await expect(running).rejects.toMatchObject({ code: 'IMPORT_CONFLICT', streamId: ada })
    expect(outOfOrder(await logOf(store))).toEqual([])
  })
})

describeOnServer('an import whose connections are cut', () => {
  for (const seed of seeds(2))
    server.test(
      `writes each event once, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const schema = server.anySchema()
        const pool = server.pool({ application_name: schema })
        const history = [...deposits(20_000, { accounts: 200 })]
        const heard: ImportProgress[] = []
        const stopped = new AbortController()
        const cuts = cut(server.pool(), { name: schema, random, signal: stopped.signal })

        const progress = await importerInto(postgres(pool), { schema })
          .import(history, {
            chunkSize: 100,
            onProgress: (each) => heard.push(each),
          })
          .finally(() => {
            stopped.abort()
          })

        const log = await logOf(openStore(server.pool(), schema))
        expect(await cuts).toBeGreaterThan(3)
        expect(log.map(({ id }) => id)).toEqual(history.map(({ id }) => id))
        expect(progress).toMatchObject({ read: 20_000, written: 20_000, skipped: 0 })
        expect(heard.map(({ read }) => read)).toEqual(
          Array.from({ length: 200 }, (_, index) => 100 * (index + 1)),
        )
      },
      60_000,
    )

  server.test(
    'gives up when nothing can be written for long, and says how far it came',
    async () => {
      const schema = server.anySchema()
      const pool = server.pool()
      const holder = await pool.connect()
      const importer = importerInto(postgres(pool), { schema, deadlineMs: 1500 })
      await importer.import([deposit('ada', 1)])
      await holder.query('BEGIN')
      await rawInsert(holder, { schema, id: 'bob' })

      const running = importer.import([deposit('ada', 1), deposit('ada', 2), deposit('bob', 1)], {
        chunkSize: 2,
      })

      await expect(running).rejects.toThrow(ImportInterruptedError)
      await expect(running).rejects.toMatchObject({
        code: 'IMPORT_INTERRUPTED',
        progress: { read: 2, written: 1, skipped: 1 },
      })
      await holder.query('ROLLBACK')
      holder.release()
    },
  )
})

describeOnServer('an import in a process of its own', () => {
  for (const seed of seeds(2))
    server.test(
      `goes on after it was killed, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const schema = server.anySchema()
        const run = { schema, accounts: 150, chunkSize: 200 }
        const history = [...deposits(6000, run)]
        const kills = [random.below(3000), 3000 + random.below(2500)]

        for (const afterRead of kills) await importUntilKilled({ ...run, count: 5800, afterRead })
        const pool = server.pool()
        const kept = (await logOf(openStore(pool, schema))).length
        const progress = await importerInto(postgres(pool), { schema }).import(history)

        const log = await logOf(openStore(pool, schema))
        expect({ kills, kept }).toEqual({ kills, kept: expect.any(Number) })
        expect(kept).toBeGreaterThanOrEqual(kills[1] as number)
        expect(progress).toMatchObject({ read: 6000, written: 6000 - kept, skipped: kept })
        expect(log.map(({ id }) => id)).toEqual(history.map(({ id }) => id))
      },
      90_000,
    )

  server.test(
    'holds a few chunks, however long the history',
    async () => {
      const schema = server.anySchema()
      const { child, ended } = startImport({
        schema,
        count: 60_000,
        accounts: 6000,
        chunkSize: 2000,
        heapMb: 48,
      })
      const told: ImportedSoFar[] = []
      child.on('message', (message) => told.push(message as ImportedSoFar))

      expect(await ended).toEqual({ status: 0, signal: null })
      expect(told.at(-1)?.read).toBe(60_000)
      // The whole history is 27 MB.
      expect(Math.max(...told.map(({ buffersMb }) => buffersMb))).toBeLessThan(12)
    },
    120_000,
  )
})

const opened = [accountEvents.AccountOpened({ owner: 'Ada' })]

/** A database whose transactions wait before they commit, until `open` is called; `written` resolves when one does. */
function gatedCommits(database: Database) {
  const gate = new EventEmitter()
  const opened = once(gate, 'open')
  const written = once(gate, 'written')
  const gated: Database = {
    ...database,
    transaction: (work) =>
      database.transaction(async (session) => {
        const result = await work(session)
        gate.emit('written')
        await opened
        return result
      }),
  }
  return { gated, written, open: () => gate.emit('open') }
}

/** Writes into the log by a transaction that is open. */
async function rawInsert(
  client: pg.ClientBase,
  { schema, id }: { readonly schema: string; readonly id: string },
): Promise<void> {
  await client.query(
    `INSERT INTO ${schema}.events (stream_id, version, id, type, schema_version, data, metadata, occurred_at, recorded_at)
     VALUES ($1, 1, gen_random_uuid(), 'MoneyDeposited', 1, '{}', '{}', now(), now())`,
    [`account-${id}`],
  )
}

async function appendUntil(
  store: EventStore,
  writer: number,
  done: Promise<unknown>,
): Promise<void> {
  const ended = new AbortController()
  const end = (): void => {
    ended.abort()
  }
  done.then(end, end)
  for (let turn = 0; !ended.signal.aborted; turn++)
    await store.append(streamId('account', `live-${writer}-${turn % 5}`), opened, {
      expectedVersion: 'any',
    })
}

/** Ends connections of a pool at random moments; gives their number. */
async function cut(
  pool: pg.Pool,
  {
    name,
    random,
    signal,
  }: {
    readonly name: string
    readonly random: { below(limit: number): number }
    readonly signal: AbortSignal
  },
): Promise<number> {
  let cuts = 0
  for (;;) {
    await sleep(50 + random.below(150))
    if (signal.aborted) return cuts
    const { rowCount } = await pool.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
      [name],
    )
    cuts += rowCount ?? 0
  }
}

interface ImportRun {
  readonly schema: string
  readonly count: number
  readonly accounts: number
  readonly chunkSize: number
  readonly heapMb?: number
  /** Its history has no event after `count`, and does not end either. */
  readonly isEndless?: boolean
}

function startImport({ schema, count, accounts, chunkSize, heapMb, isEndless = false }: ImportRun) {
  const child = fork(
    new URL('import-process.ts', import.meta.url),
    [server.url, schema, count, accounts, chunkSize, ...(isEndless ? ['endless'] : [])].map(String),
    {
      execArgv: [
        '--import',
        'tsx',
        ...(heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`]),
      ],
    },
  )
  const ended = once(child, 'exit').then(([status, signal]: unknown[]) => ({ status, signal }))
  return { child, ended }
}

/** Kills the process as soon as it tells that so many events, of fewer than it has, are in the log: it is at the next ones then, or waits for more. */
async function importUntilKilled({
  afterRead,
  ...run
}: ImportRun & { readonly afterRead: number }): Promise<void> {
  const { child, ended } = startImport({ ...run, isEndless: true })
  child.on('message', (message) => {
    if ((message as ImportedSoFar).read >= afterRead) child.kill('SIGKILL')
  })
  expect(await ended).toEqual({ status: null, signal: 'SIGKILL' })
}
