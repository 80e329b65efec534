import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, expect, jest } from '@jest/globals'
import { postgres } from '../../src/adapters/postgres/index.ts'
import type { EventStore } from '../../src/index.ts'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { runnerOf, Statements } from '../adapters/postgres/sql-projection-fixture.ts'
import { append, deposited } from '../projections/runner-fixture.ts'
import { eventually } from './eventually.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'
import type { SqlWorkerEnd, SqlWorkerTask } from './sql-projection-worker.ts'

jest.setTimeout(120_000)

const LEASE_MS = 1000

describeOnServer('processes that run an SQL projection', () => {
  const server = new PostgresServer()
  const processes: ChildProcess[] = []

  afterEach(async () => {
    for (const process of processes.splice(0)) await ended(process)
  })
  afterAll(() => server.close())

  const place = async () => {
    const schema = server.anySchema()
    const pool = server.pool()
    const database = postgres(pool)
    const store = openStore(pool, schema)
    await store.migrate()
    return { schema, store, statements: new Statements({ database, schema }) }
  }
  const start = (task: Omit<SqlWorkerTask, 'url' | 'leaseMs'>): ChildProcess => {
    const worker = new URL('sql-projection-worker.ts', import.meta.url)
    const process = fork(worker, { execArgv: ['--import', 'tsx'] })
    processes.push(process)
    process.send({ ...task, url: server.url, leaseMs: LEASE_MS } satisfies SqlWorkerTask)
    return process
  }

  for (const seed of seeds(isFullSize ? 100 : 8))
    server.test(
      `apply each event once when they are killed in the middle of a batch, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const { schema, store, statements } = await place()
        const id = statements.name.slice('statements-'.length)
        const settings = { schema, id, lanes: 1 + random.below(3), pageSize: 5 + random.below(20) }
        await appendSome(store, random)

        const count = random.pick([1, 2])
        const dying = Array.from({ length: count }, () =>
          start({ ...settings, isRebuilt: random.chance(0.4), end: anyDeath(random) }),
        )
        await Promise.all(dying.map((process) => endsWithin(process, 5000))) // one that has too few batches lives on
        await appendSome(store, random)
        const { lanes } = settings
        const heir = runnerOf(store, statements.declare({ lanes }), { leaseMs: LEASE_MS })
        await heir.runUntilCaughtUp()

        expect(await statements.cents()).toEqual(await centsOf(store))
        expect(await statements.totals()).toEqual(await totalsOf(store))
      },
    )

  server.test('leave their lane to others when they hang in the middle of a batch', async () => {
    const { schema, store, statements } = await place()
    const id = statements.name.slice('statements-'.length)
    await appendSome(store, seededRandom(1))
    const end = { signal: 'SIGSTOP', batch: 2, moment: 'after' } as const
    const hung = start({ schema, id, lanes: 1, pageSize: 10, isRebuilt: false, end })
    await eventually(() => hangs(statements, schema))

    const begun = performance.now()
    const tables = statements.declare()
    const signal = AbortSignal.timeout(20_000)
    await runnerOf(store, tables, { leaseMs: LEASE_MS }).runUntilCaughtUp({ signal })
    const tookMs = performance.now() - begun
    const before = await statements.cents()
    hung.kill('SIGCONT')
    await sleep(LEASE_MS)

    expect(hung.exitCode).toBeNull()
    expect(tookMs).toBeLessThan(3 * LEASE_MS)
    expect(before).toEqual(await centsOf(store))
    expect(await statements.cents()).toEqual(before)
    expect(await statements.totals()).toEqual(await totalsOf(store))
  })
})

function anyDeath(random: SeededRandom): SqlWorkerEnd {
  return {
    signal: 'SIGKILL',
    batch: 1 + random.below(8),
    moment: random.pick(['before', 'after', random.below(4)]),
  }
}

async function appendSome(store: EventStore, random: SeededRandom): Promise<void> {
  for (let number = 0; number < 60; number++)
    await append(store, `${random.below(9)}`, deposited(1 + random.below(100)))
}

async function centsOf(store: EventStore): Promise<readonly number[]> {
  const cents: number[] = []
  for await (const { events } of store.readAll())
    for (const { data } of events) cents.push((data as { cents: number }).cents)
  return cents
}

async function totalsOf(
  store: EventStore,
): Promise<Readonly<Record<string, readonly [number, number]>>> {
  const totals: Record<string, readonly [number, number]> = {}
  for await (const { events } of store.readAll())
    for (const { streamId, data } of events) {
      const account = streamId.slice('account-'.length)
      const [cents, count] = totals[account] ?? [0, 0]
      totals[account] = [cents + (data as { cents: number }).cents, count + 1]
    }
  return totals
}

/** Whether a transaction of the process has been idle for a while. */
async function hangs(statements: Statements, schema: string): Promise<boolean> {
  const found = await statements.select(
    `SELECT 1 FROM pg_stat_activity WHERE application_name = '${schema}'
     AND state = 'idle in transaction' AND now() - state_change > interval '100 ms'`,
  )
  return found.length > 0
}

async function endsWithin(process: ChildProcess, ms: number): Promise<void> {
  await once(process, 'exit', { signal: AbortSignal.timeout(ms) }).catch(() => undefined)
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  process.kill('SIGKILL')
  await once(process, 'exit')
}
