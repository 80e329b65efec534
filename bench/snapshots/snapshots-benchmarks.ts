import { postgres, postgresSnapshotStore } from '../../src/adapters/postgres/index.ts'
import { Repository, streamId } from '../../src/index.ts'
import type { Benchmark } from '../benchmark.ts'
import { fillServer } from '../postgres/fill-server.ts'
import { newServerStore, server } from '../postgres/server.ts'
import { account } from '../workload/account.ts'
import { keepSnapshotAt } from './keep-snapshot.ts'
import { byHand, repositoryLoads } from './sides.ts'

const EVENTS = 100_000
const AFTER_SNAPSHOT = 10
const LOADS = 500

/** Load an aggregate of 100,000 events, of which a snapshot holds all but the last ten. */
export const snapshotsBenchmarks: readonly Benchmark[] = [
  {
    name: 'load behind a snapshot, Postgres',
    unit: 'loads/s',
    open: async () => {
      const { repository, schema } = await longLife()
      return {
        amount: LOADS,
        ours: repositoryLoads(repository, LOADS),
        floor: byHand(server().floor, { schema, loads: LOADS }),
      }
    },
  },
  {
    name: 'load behind a snapshot against a fold of all events, Postgres',
    unit: 'loads/s',
    open: async () => {
      const { repository, full } = await longLife()
      return { amount: 1, ours: repositoryLoads(repository, 1), floor: repositoryLoads(full, 1) }
    },
  },
]

interface LongLife {
  readonly repository: Repository
  /** The same without snapshots. */
  readonly full: Repository
  readonly schema: string
}

let living: Promise<LongLife> | undefined

function longLife(): Promise<LongLife> {
  return (living ??= live())
}

/** `BENCH_STREAM_EVENTS` says how many events the stream has: 100,000. */
async function live(): Promise<LongLife> {
  const events = Number(process.env['BENCH_STREAM_EVENTS'] ?? EVENTS)
  const { store, schema } = await newServerStore()
  await fillServer({ store, pool: server().floor, schema }, { events, streams: 1 })
  const snapshots = postgresSnapshotStore({ database: postgres(server().ours), schema })
  await keepSnapshotAt(events - AFTER_SNAPSHOT, { store, snapshots, aggregate: account })
  await server().floor.query(`VACUUM ANALYZE ${schema}.snapshots`)
  const full = new Repository({ store })
  const repository = new Repository({ store, snapshots })
  const { version } = await full.load(account, '0')
  if (version !== events) throw new Error(`${streamId('account', '0')} is at ${version}.`)
  return { repository, full, schema }
}
