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
  readonly runner: ProjectionRunner
}

/** Where a bank is kept: on a server, in a folder, or in memory when neither is given. */
export interface BankPlace {
  /** URL of a PostgreSQL server. */
  readonly postgresUrl?: string | undefined
  /** Folder of an embedded PostgreSQL. */
  readonly dataDir?: string | undefined
}

/** Opens a bank, or makes one. */
export async function openBank({ postgresUrl, dataDir }: BankPlace = {}): Promise<
  Bank & AsyncDisposable
> {
  if (postgresUrl !== undefined) {
    const pool = openPool(postgresUrl)
    return { ...bankOn(postgres(pool)), [Symbol.asyncDispose]: () => pool.end() }
  }
  const database = await pglite(dataDir)
  return { ...bankOn(database), [Symbol.asyncDispose]: () => database.close() }
}

/** A bank on any event store and any read model. */
export function createBank(parts: Pick<Bank, 'store' | 'balances'>): Bank {
  const { store, balances } = parts
  const repository = new Repository({ store })
  const runner = new ProjectionRunner({
    store,
    projections: [project(accountBalances).into(balances, { lanes: LANES })],
    leaseMs: LEASE_MS,
  })
  return { store, repository, balances, runner }
}

function bankOn(database: Database): Bank {
  const store = postgresEventStore({ database, schema: SCHEMA, catalogs: [accountEvents] })
  const balances = new PostgresReadModel<Balance>({
    database,
    schema: SCHEMA,
    recordsSchema: SCHEMA,
    table: 'account_balances',
    columns: { owner: text, cents: bigint },
  })
  return createBank({ store, balances })
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
