// What must compile, and (@ts-expect-error) what must not. Checked by tsc, never run.
import {
  bigint,
  boolean,
  double,
  integer,
  json,
  nullable,
  optional,
  PostgresReadModel,
  text,
  type ColumnsOf,
  type Database,
} from '../../src/adapters/postgres/index.ts'
import type { StreamId } from '../../src/index.ts'

interface Line {
  readonly cents: number
}

interface Account {
  readonly id: StreamId
  readonly owner: string
  readonly status: 'open' | 'closed'
  readonly cents: number
  readonly rate: number
  readonly isFrozen: boolean
  readonly lines: readonly Line[]
  readonly closedAt: string | null
  readonly hint?: string
  readonly nickname?: string | null
}

declare const database: Database

const columns: ColumnsOf<Account> = {
  id: text,
  owner: text,
  status: text,
  cents: bigint,
  rate: double,
  isFrozen: boolean,
  lines: json(),
  closedAt: nullable(text),
  hint: optional(text),
  nickname: optional(json<string | null>()),
}

new PostgresReadModel<Account>({ database, table: 'accounts' })
new PostgresReadModel<Account>({ database, table: 'accounts', columns })

// A column may hold more than the document has.
const wider: ColumnsOf<Account> = {
  ...columns,
  owner: nullable(text),
  cents: json(),
  rate: integer,
}

// @ts-expect-error a member without a column
const missing: ColumnsOf<Account> = { owner: text }

// @ts-expect-error a column without a member
const unknown: ColumnsOf<Account> = { ...columns, extra: text }

// @ts-expect-error a number in a column of text
const mistyped: ColumnsOf<Account> = { ...columns, cents: text }

// @ts-expect-error a member that may be null in a column that holds no null
const notNull: ColumnsOf<Account> = { ...columns, closedAt: text }

// @ts-expect-error an absent member is not null
const absent: ColumnsOf<Account> = { ...columns, hint: nullable(text) }

// @ts-expect-error a member that may be null or absent in a column that only knows absent
const both: ColumnsOf<Account> = { ...columns, nickname: optional(text) }

// @ts-expect-error text in a list of lines
const wrongJson: ColumnsOf<Account> = { ...columns, lines: json<string>() }

export const checked: readonly unknown[] = [
  wider,
  missing,
  unknown,
  mistyped,
  notNull,
  absent,
  both,
  wrongJson,
]
