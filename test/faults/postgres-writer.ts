/** A process that does the jobs of a WriterProcess: `postgres-writer.ts SETTINGS`. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { postgres, postgresEventStore } from '../../src/adapters/postgres/index.ts'
import { streamId } from '../../src/index.ts'
import { accountEvents } from '../domain/account.ts'
import { attempt, deposits, type Attempt } from './attempt.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'

export interface WriterSettings {
  /** Of the process, from 0. */
  readonly number: number
  readonly url: string
  readonly schema: string
  /** Connections of its store. */
  readonly connections: number
}

/** Times are of the job, which runs as many writers at once. Where it is given one, `durationMs` is a limit: it may be told to end before. */
export type WriterJob =
  | ({ readonly kind: 'create'; readonly stream: string } & JobOptions)
  | ({
      readonly kind: 'append'
      readonly durationMs: number
      readonly pauseMs: number
    } & JobOptions)
  | ({
      readonly kind: 'transact'
      readonly durationMs: number
      readonly holdMs: number
    } & JobOptions)
  | ({
      readonly kind: 'overlap'
      readonly durationMs: number
      readonly streams: number
    } & JobOptions)

interface JobOptions {
  readonly writers: number
  readonly seed: number
}

export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'ended'; readonly task: number }
  | { readonly kind: 'attempt'; readonly attempt: Attempt }
  | { readonly kind: 'failure'; readonly message: string }

/** To do a job, or to end it when what its writers are at is done. */
export interface Task {
  readonly task: number
  readonly job: WriterJob | 'end'
}

interface Writer {
  readonly name: string
  readonly random: SeededRandom
  /** Tells whether there is time for more. */
  readonly goesOn: () => boolean
}

const { number, url, schema, connections } = JSON.parse(process.argv[2] ?? '{}') as WriterSettings
const pool = new pg.Pool({ connectionString: url, max: connections, application_name: schema })
pool.on('error', () => undefined) // some tests cut connections
/** Its own, so that writers with open transactions leave those of the store alone. */
const clients = new pg.Pool({ connectionString: url, max: 100, application_name: schema })
clients.on('error', () => undefined)
const store = postgresEventStore({
  database: postgres(pool),
  catalogs: [accountEvents],
  schema,
})

function tell(report: Report): void {
  process.send?.(report)
}

function told(made: Attempt): Attempt {
  tell({ kind: 'attempt', attempt: made })
  return made
}

async function run(job: WriterJob, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ('durationMs' in job ? job.durationMs : 0)
  const goesOn = (): boolean => performance.now() < end && !signal.aborted
  await Promise.all(
    Array.from({ length: job.writers }, (_, index) => {
      const writer = {
        name: `${number}-${job.kind}-${index}`,
        random: seededRandom(job.seed * 1000 + index),
        goesOn,
      }
      switch (job.kind) {
        case 'create':
          return create(writer, job.stream)
        case 'append':
          return append(writer, job)
        case 'transact':
          return transact(writer, job)
        case 'overlap':
          return overlap(writer, job)
      }
    }),
  )
}

/** Wants to be the one that creates the stream. */
async function create({ name: writer, random }: Writer, stream: string): Promise<void> {
  const { ids, events } = deposits(1 + random.below(3))
  const options = { expectedVersion: 'no-stream' } as const
  told(
    await attempt({ writer, ids, isBlind: false }, () =>
      store.append(streamId('account', stream), events, options),
    ),
  )
}

/** Appends to a stream of its own at the version that it knows, now and then at a wrong one, or to a stream of all at any version. */
async function append(
  { name: writer, random, goesOn }: Writer,
  { pauseMs }: { readonly pauseMs: number },
): Promise<void> {
  let streams = 0
  let version = 0
  while (goesOn()) {
    const { ids, events } = deposits(1 + random.below(3))
    if (random.chance(0.3)) {
      const shared = streamId('account', `shared-${random.below(5)}`)
      const options = { expectedVersion: 'any' } as const
      told(
        await attempt({ writer, ids, isBlind: true }, () => store.append(shared, events, options)),
      )
    } else {
      const isStale = random.chance(0.1)
      const own = streamId('account', `${writer}-${streams}`)
      const options = { expectedVersion: isStale ? version + 7 : version }
      const { outcome } = told(
        await attempt({ writer, ids, isBlind: false }, () => store.append(own, events, options)),
      )
      if (outcome === 'done') version += ids.length
      else if (!isStale) {
        // Nobody else writes to it, so nothing but trouble keeps it from being appended to: it begins another one.
        streams++
        version = 0
      }
      if (isStale && outcome === 'done') throw new Error(`${own} took a wrong version.`)
    }
    if (pauseMs > 0) await sleep(random.below(pauseMs))
  }
}

/** Transactions of one to three appends to streams of its own, held open for up to `holdMs`; one in ten is rolled back. */
async function transact(
  { name: writer, random, goesOn }: Writer,
  { holdMs }: { readonly holdMs: number },
): Promise<void> {
  const client = await clients.connect()
  while (goesOn()) {
    const startedAtMs = Date.now()
    const ids: string[] = []
    await client.query('BEGIN')
    if (random.chance(0.2)) await client.query('SELECT pg_current_xact_id()') // owns a transaction id before its position
    for (let appends = 1 + random.below(3); appends > 0; appends--) {
      const stream = streamId('account', `${writer}-held-${random.below(3)}`)
      const part = deposits(1 + random.below(3))
      await store.within(client).append(stream, part.events, { expectedVersion: 'any' })
      ids.push(...part.ids)
      await sleep(random.below(4))
    }
    await sleep(random.below(holdMs))
    const isUndone = random.chance(0.1)
    await client.query(isUndone ? 'ROLLBACK' : 'COMMIT')
    const outcome = isUndone ? 'refused' : 'done'
    told({ writer, ids, isBlind: true, outcome, startedAtMs, endedAtMs: Date.now() })
  }
  client.release()
}

/** Appends to one or several of few streams, in any order. */
async function overlap(
  { name: writer, random, goesOn }: Writer,
  { streams }: { readonly streams: number },
): Promise<void> {
  while (goesOn()) {
    const chosen = new Set([random.below(streams)])
    if (random.chance(0.3)) for (let more = 4; more > 0; more--) chosen.add(random.below(streams))
    const parts = [...chosen].map((stream) => ({
      streamId: streamId('account', String(stream)),
      ...deposits(1 + random.below(2)),
      expectedVersion: 'any' as const,
    }))
    const [first] = parts
    const ids = parts.flatMap((part) => part.ids)
    told(
      await attempt({ writer, ids, isBlind: true }, () =>
        first !== undefined && parts.length === 1
          ? store.append(first.streamId, first.events, first)
          : store.appendAll(parts),
      ),
    )
  }
}

const ends = new Map<number, AbortController>()

process.on('message', ({ task, job }: Task) => {
  if (job === 'end') {
    ends.get(task)?.abort()
    return
  }
  const end = new AbortController()
  ends.set(task, end)
  run(job, end.signal).then(
    () => {
      tell({ kind: 'ended', task })
    },
    (error: unknown) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      tell({ kind: 'failure', message: `Process ${number}: ${message}` })
    },
  )
})
process.on('disconnect', () => process.exit())
await store.head()
tell({ kind: 'ready' })
