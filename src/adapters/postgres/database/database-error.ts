import { EverfoldError } from '../../../errors.ts'

/** The database refused a statement; nothing of it stays. The driver's error is the `cause`. */
export class DatabaseError extends EverfoldError {
  readonly code = 'DATABASE_ERROR'
  /** True for what passes by itself: deadlocks, timeouts, lack of resources. */
  readonly retryable: boolean
  /** The five characters by which Postgres names what went wrong, e.g. `'42P01'`. */
  readonly sqlState: string
  /** The constraint that was violated, if one was. */
  readonly constraint: string | undefined

  constructor(sqlState: string, options: { readonly cause: Error }) {
    super(
      `The database refused a statement (SQLSTATE ${sqlState}): ${options.cause.message}`,
      options,
    )
    this.sqlState = sqlState
    const { constraint } = options.cause as { readonly constraint?: unknown }
    this.constraint = typeof constraint === 'string' ? constraint : undefined
    this.retryable = PASSING.test(sqlState)
  }
}

/** Transaction rollback, insufficient resources, lock not available, query canceled. */
const PASSING = /^(40...|53...|55P03|57014)$/
