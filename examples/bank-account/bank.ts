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
  postgresEventStore,
  PostgresReadModel,
  text,
} from '../../src/adapters/postgres/index.ts'
import { accountBalances, type Balance } from './account-balances.ts'
import { accountEvents } from './account-events.ts'

/** All that the example works with. */
export interface Bank {
  readonly store: EventStore
  readonly repository: Repository
  readonly balances: ReadModel<Balance>
  readonly runner: ProjectionRunner
}

/** A bank on an embedded Postgres: in a folder, or in memory when none is given. */
export async function openBank(folder?: string): Promise<Bank & AsyncDisposable> {
  const database = await pglite(folder)
  const store = postgresEventStore({ database, catalogs: [accountEvents] })
  const balances = new PostgresReadModel<Balance>({
    database,
    table: 'account_balances',
    columns: { owner: text, cents: bigint },
  })
  const bank = createBank({ store, balances })
  return { ...bank, [Symbol.asyncDispose]: () => database.close() }
}

/** A bank on any event store and any read model. */
export function createBank(parts: Pick<Bank, 'store' | 'balances'>): Bank {
  const { store, balances } = parts
  const repository = new Repository({ store })
  const runner = new ProjectionRunner({
    store,
    projections: [project(accountBalances).into(balances)],
  })
  return { store, repository, balances, runner }
}
