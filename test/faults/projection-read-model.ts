import {
  integer,
  PostgresReadModel,
  text,
  type Database,
} from '../../src/adapters/postgres/index.ts'
import { project, type ReadModel, type Registration } from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'

export const NAME: string = accountBalances.name
export const TABLE = 'balances'

/** The read model that all processes of a test fill: the view `balances` of a schema that also holds the records. */
export function balancesIn(database: Database, schema: string): ReadModel<Balance> {
  return new PostgresReadModel<Balance>({
    ...{ database, table: TABLE, schema, recordsSchema: schema },
    columns: { owner: text, cents: integer, events: integer },
    indexes: [{ columns: ['owner'] }],
  })
}

export function registrationOf(balances: ReadModel<Balance>, lanes: number): Registration {
  return project(accountBalances).into(balances, { lanes })
}
