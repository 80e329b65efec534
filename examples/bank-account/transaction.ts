/** What a bank does to an account, and the type it has in a bank's files. */
export const OPERATIONS = {
  'cash-deposit': 'credit',
  'transfer-in': 'credit',
  interest: 'credit',
  'cash-withdrawal': 'debit',
  'card-withdrawal': 'debit',
  'transfer-out': 'debit',
} as const

export type Operation = keyof typeof OPERATIONS

/** One transaction of a bank history. */
export interface Transaction {
  /** The day on which it happened, YYYY-MM-DD. */
  readonly date: string
  readonly accountId: string
  /** Unique in the whole history. */
  readonly transactionId: string
  readonly operation: Operation
  /** Above 0. */
  readonly amountCents: number
  /** What the account holds afterwards; below 0 when the bank let it. */
  readonly balanceCents: number
}

/** The column of a bank's file that holds each member. */
export const COLUMN_OF: Readonly<Record<keyof Transaction, Column>> = {
  date: 'date',
  accountId: 'account_id',
  transactionId: 'transaction_id',
  operation: 'operation',
  amountCents: 'amount_cents',
  balanceCents: 'balance_cents',
}

/** The columns that a bank's file must have, in any order; others are ignored. */
export const COLUMNS = [
  'date',
  'account_id',
  'transaction_id',
  'type',
  'operation',
  'amount_cents',
  'balance_cents',
] as const

export type Column = (typeof COLUMNS)[number]
