import pg from 'pg'
import {
  everyEvents,
  project,
  ProjectionRunner,
  Repository,
  type EventStore,
  type ReadModel,
  type SnapshotStore,
} from '../../src/index.ts'
import { pglite } from '../../src/adapters/pglite/index.ts'
import {
  bigint,
  postgres,
  postgresEventStore,
  PostgresReadModel,
  postgresSnapshotStore,
  text,
  type Database,
} from '../../src/adapters/postgres/index.ts'
import { accountBalances, type Balance } from './account-balances.ts'
import { accountEvents } from './account-events.ts'
import { openKurrentStore } from './kurrent-store.ts'
import { openSinks, type SinkPlaces, type Sinks } from './sinks.ts'

/** Into how many lanes the balances are spread: at most so many runners have something to do. */
export const LANES = 8

/** Holds all that the example keeps in a database that may hold other things. */
export const SCHEMA = 'bank_account'

/** The accounts of the real history have 40 events each: few enough to fold them all, so this is to show how it is done. */
const EVENTS_PER_SNAPSHOT = 10

/** After so long a runner that was killed is replaced. Short, so that nobody waits for a run that was interrupted before. */
const LEASE_MS = 1000

/** All that the example works with. */
export interface Bank {
  readonly store: EventStore
  readonly repository: Repository
  /** Whether the repository keeps snapshots. */
  readonly hasSnapshots: boolean
  readonly balances: ReadModel<Balance>
  /** What else holds the balances. */
  readonly sinks: Sinks
  readonly runner: ProjectionRunner
}

/** Where a bank is kept: on a server, in a folder, or in memory when neither is given. */
export interface BankPlace extends SinkPlaces {
  /** URL of a PostgreSQL server. */
  readonly postgresUrl?: string | undefined
  /** Folder of an embedded PostgreSQL. */
  readonly dataDir?: string | undefined
  /** Connection string of a KurrentDB server, which then holds the events; the balances stay in the embedded PostgreSQL. */
  readonly eventStoreUrl?: string | undefined
  /** Keeps snapshots of the accounts there, too. Default false. */
  readonly snapshots?: boolean | undefined
}

/** Opens a bank, or makes one. */
export async function openBank(place: BankPlace = {}): Promise<Bank & AsyncDisposable> {
  const sinks = await openSinks(place, LANES)
  const opened = Object.values(sinks).map((sink) => () => sink[Symbol.asyncDispose]())
  const close = async (): Promise<void> => {
    for (const closeOne of opened.toReversed()) await closeOne()
  }
  try {
    const { database, close: closeDatabase } = await openDatabase(place)
    opened.unshift(closeDatabase)
    const { eventStoreUrl, snapshots: withSnapshots = false } = place
    if (eventStoreUrl === undefined)
      return { ...bankOn(database, { sinks, withSnapshots }), [Symbol.asyncDispose]: close }
    const events = await openKurrentStore(eventStoreUrl)
    opened.push(events.close)
    const { store } = events
    return { ...bankOn(database, { store, sinks, withSnapshots }), [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openDatabase({
  postgresUrl,
  dataDir,
}: BankPlace): Promise<{ readonly database: Database; readonly close: () => Promise<void> }> {
  if (postgresUrl !== undefined) {
    const pool = openPool(postgresUrl)
    return { database: postgres(pool), close: () => pool.end() }
  }
  const database = await pglite(dataDir)
  return { database, close: () => database.close() }
}

/** A bank on any event store, any read models and any snapshot store, or none. */
export function createBank({
  store,
  balances,
  sinks = {},
  snapshots,
}: Pick<Bank, 'store' | 'balances'> &
  Partial<Pick<Bank, 'sinks'>> & { readonly snapshots?: SnapshotStore | undefined }): Bank {
  const snapshotPolicy = everyEvents(EVENTS_PER_SNAPSHOT)
  const repository = new Repository({ store, snapshots, snapshotPolicy })
  const runner = new ProjectionRunner({
    store,
    projections: [
      project(accountBalances).into(balances, { lanes: LANES }),
      ...Object.values(sinks).flatMap(({ registrations }) => registrations),
    ],
    leaseMs: LEASE_MS,
  })
  const hasSnapshots = snapshots !== undefined
  return { store, repository, hasSnapshots, balances, sinks, runner }
}

function bankOn(
  database: Database,
  {
    store = postgresEventStore({ database, schema: SCHEMA, catalogs: [accountEvents] }),
    sinks,
    withSnapshots,
  }: {
    readonly store?: EventStore
    readonly sinks: Sinks
    readonly withSnapshots: boolean
  },
): Bank {
  const balances = new PostgresReadModel<Balance>({
    database,
    schema: SCHEMA,
    recordsSchema: SCHEMA,
    table: 'account_balances',
    columns: { owner: text, cents: bigint },
  })
  const snapshots = withSnapshots ? postgresSnapshotStore({ database, schema: SCHEMA }) : undefined
  return createBank({ store, balances, sinks, snapshots })
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    application_name: 'bank-account',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  })
  // A connection that breaks is no reason to end: the store and the runner take another one.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
