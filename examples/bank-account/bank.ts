import pg from 'pg'
import {
  project,
  ProjectionRunner,
  Repository,
  type EventStore,
  type ReadModel,
} from '../../src/index.ts'
import { pglite } from '../../src/adapters/pglite/index.ts'
import {
  bigint,
  postgres,
  postgresEventStore,
  PostgresReadModel,
  text,
  type Database,
} from '../../src/adapters/postgres/index.ts'
import { accountBalances, type Balance } from './account-balances.ts'
import { accountEvents } from './account-events.ts'
import { openSinks, type SinkPlaces, type Sinks } from './sinks.ts'

/** Into how many lanes the balances are spread: at most so many runners have something to do. */
export const LANES = 8

/** Holds all that the example keeps in a database that may hold other things. */
export const SCHEMA = 'bank_account'

/** After so long a runner that was killed is replaced. Short, so that nobody waits for a run that was interrupted before. */
const LEASE_MS = 1000

/** All that the example works with. */
export interface Bank {
  readonly store: EventStore
  readonly repository: Repository
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
}

/** Opens a bank, or makes one. */
export async function openBank(place: BankPlace = {}): Promise<Bank & AsyncDisposable> {
  const sinks = await openSinks(place, LANES)
  const closeSinks = async (): Promise<void> => {
    for (const sink of Object.values(sinks)) await sink[Symbol.asyncDispose]()
  }
  try {
    const { database, close } = await openDatabase(place)
    const closeAll = async (): Promise<void> => {
      await closeSinks()
      await close()
    }
    return { ...bankOn(database, sinks), [Symbol.asyncDispose]: closeAll }
  } catch (error) {
    await closeSinks()
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

/** A bank on any event store and any read model. */
export function createBank(
  parts: Pick<Bank, 'store' | 'balances'> & Partial<Pick<Bank, 'sinks'>>,
): Bank {
  const { store, balances, sinks = {} } = parts
  const repository = new Repository({ store })
  const runner = new ProjectionRunner({
    store,
    projections: [
      project(accountBalances).into(balances, { lanes: LANES }),
      ...Object.values(sinks).flatMap(({ registrations }) => registrations),
    ],
    leaseMs: LEASE_MS,
  })
  return { store, repository, balances, sinks, runner }
}

function bankOn(database: Database, sinks: Sinks): Bank {
  const store = postgresEventStore({ database, schema: SCHEMA, catalogs: [accountEvents] })
  const balances = new PostgresReadModel<Balance>({
    database,
    schema: SCHEMA,
    recordsSchema: SCHEMA,
    table: 'account_balances',
    columns: { owner: text, cents: bigint },
  })
  return createBank({ store, balances, sinks })
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
