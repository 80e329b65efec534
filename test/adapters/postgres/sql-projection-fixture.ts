import { randomBytes } from 'node:crypto'
import {
  sqlProjection,
  type Database,
  type DatabaseSession,
  type SqlPlacement,
  type SqlTables,
} from '../../../src/adapters/postgres/index.ts'
import { ProjectionRunner, type EventStore, type RecordedEvent } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { silent } from '../../projections/runner-fixture.ts'

export interface SqlPlace {
  readonly database: Database
  /** Schema of tables and records. */
  readonly schema: string
}

export interface StatementsOptions extends SqlPlacement {
  readonly version?: number
  /** Of what `create` makes. */
  readonly columns?: string
  /** Called with each batch before it is applied. */
  readonly before?: (events: readonly RecordedEvent[], session: DatabaseSession) => unknown
  /** Called when a batch is applied, before its commit. */
  readonly after?: (events: readonly RecordedEvent[], session: DatabaseSession) => unknown
}

/** Lines of statements of accounts, without any key that would refuse a second one; and their sums, which a second one would double. */
export class Statements {
  readonly name: string
  readonly lines: string
  readonly sums: string
  readonly place: SqlPlace

  constructor(place: SqlPlace, id: string = randomBytes(6).toString('hex')) {
    this.place = place
    this.name = `statements-${id}`
    this.lines = `lines_${id}`
    this.sums = `sums_${id}`
  }

  declare(options: StatementsOptions = {}): SqlTables {
    const { version = 1, columns = '', before, after, ...placement } = options
    const { schema, database } = this.place
    const projection = sqlProjection({
      name: this.name,
      version,
      events: accountEvents,
      types: ['MoneyDeposited', 'MoneyWithdrawn'],
      tables: [this.lines, this.sums],
      create: (tables) => `
        CREATE TABLE ${tables[this.lines]} (position bigint, account text, cents bigint${columns});
        CREATE INDEX ON ${tables[this.lines]} (account);
        CREATE TABLE ${tables[this.sums]} (account text PRIMARY KEY, cents bigint, events bigint)`,
      apply: async (events, { session, tables }) => {
        await before?.(events, session)
        const signed = events.map(({ type, data }) =>
          type === 'MoneyDeposited' ? data.cents : -data.cents,
        )
        const lists = [
          events.map(({ position }) => position),
          events.map(({ streamId }) => streamId),
          signed,
        ]
        const given =
          'unnest($1::bigint[], $2::text[], $3::bigint[]) AS new (position, account, cents)'
        const lines = `INSERT INTO ${tables[this.lines]} SELECT * FROM ${given}`
        const sums = `
          INSERT INTO ${tables[this.sums]} AS old SELECT account, sum(cents), count(*) FROM ${given} GROUP BY account
          ON CONFLICT (account) DO UPDATE SET cents = old.cents + excluded.cents, events = old.events + excluded.events`
        await session.query({ text: lines }, lists)
        await session.query({ text: sums }, lists)
        await after?.(events, session)
      },
    })
    return projection.into({ database, schema, recordsSchema: schema }, placement)
  }

  /** Amounts that the view shows, in the order of the log. */
  async cents(): Promise<readonly number[]> {
    const rows = await this.select(`SELECT cents FROM ${this.at(this.lines)} ORDER BY position`)
    return rows.map(([cents]) => Number(cents))
  }

  /** By account, without its category: the sum and the number of events. */
  async totals(): Promise<Readonly<Record<string, readonly [cents: number, events: number]>>> {
    const rows = await this.select(`SELECT account, cents, events FROM ${this.at(this.sums)}`)
    return Object.fromEntries(
      rows.map(([account, cents, events]) => [
        String(account).slice('account-'.length),
        [Number(cents), Number(events)] as const,
      ]),
    )
  }

  /** Names of all relations of this projection, without those of indexes. */
  async relations(): Promise<readonly string[]> {
    const rows = await this.select(
      `SELECT relname FROM pg_class WHERE relnamespace = '${this.place.schema}'::regnamespace
       AND relkind IN ('r', 'v') AND relname ~ '^(lines|sums)_${this.name.slice('statements-'.length)}' ORDER BY 1`,
    )
    return rows.map(([name]) => String(name))
  }

  at(table: string): string {
    return `${this.place.schema}.${table}`
  }

  select(text: string) {
    return this.place.database.query({ text })
  }
}

export function runnerOf(
  store: EventStore,
  tables: SqlTables,
  options: { readonly leaseMs?: number; readonly pageSize?: number } = {},
): ProjectionRunner {
  return new ProjectionRunner({ store, projections: [tables], logger: silent, ...options })
}
