import { startOfDay } from './day.ts'
import { HistoryError } from './history-error.ts'
import {
  COLUMN_OF,
  OPERATIONS,
  type Column,
  type Operation,
  type Transaction,
} from './transaction.ts'

/** A row of a bank history and where it stands. */
export class HistoryRow {
  readonly file: string
  /** Line of the file, from 1. */
  readonly line: number
  /** How much of the file was read, up to the end of this row. */
  readonly bytesRead: number
  readonly transaction: Transaction

  /** @throws {HistoryError} a cell does not hold what its column promises. */
  constructor(
    cells: Readonly<Record<Column, string>>,
    place: { readonly file: string; readonly line: number; readonly bytesRead: number },
  ) {
    this.file = place.file
    this.line = place.line
    this.bytesRead = place.bytesRead
    this.transaction = {
      date: this.#day(cells),
      accountId: this.#id(cells, 'account_id'),
      transactionId: this.#id(cells, 'transaction_id'),
      operation: this.#operation(cells),
      amountCents: this.#amount(cells),
      balanceCents: this.#cents(cells, 'balance_cents'),
    }
  }

  /** @throws {HistoryError} the transaction is not the one that was imported under its id before. */
  checkSameAs(imported: Transaction): void {
    const { transaction } = this
    for (const member of Object.keys(COLUMN_OF) as (keyof Transaction)[])
      if (imported[member] !== transaction[member])
        throw this.#refusal(
          COLUMN_OF[member],
          `'${transaction[member]}', but transaction ${transaction.transactionId} was imported with '${imported[member]}'. An id stands for one transaction.`,
        )
  }

  #day({ date }: Cells): string {
    if (startOfDay(date) === undefined)
      throw this.#refusal('date', `'${date}' is no day. Write it as YYYY-MM-DD.`)
    return date
  }

  #id(cells: Cells, column: 'account_id' | 'transaction_id'): string {
    // One way to write each: 007 and 7 would be two accounts.
    if (!/^(0|[1-9]\d*)$/.test(cells[column]))
      throw this.#refusal(column, `'${cells[column]}' is no id. Use a whole number.`)
    return cells[column]
  }

  #operation({ type, operation }: Cells): Operation {
    if (type !== 'credit' && type !== 'debit')
      throw this.#refusal('type', `'${type}' is unknown. Use credit or debit.`)
    if (!isOperation(operation))
      throw this.#refusal(
        'operation',
        `'${operation}' is unknown. Use one of ${Object.keys(OPERATIONS).join(', ')}.`,
      )
    if (OPERATIONS[operation] !== type)
      throw this.#refusal('type', `'${type}', but ${operation} is a ${OPERATIONS[operation]}.`)
    return operation
  }

  #amount(cells: Cells): number {
    const cents = this.#cents(cells, 'amount_cents')
    if (cents <= 0)
      throw this.#refusal('amount_cents', `'${cents}' is not above 0. The type says the direction.`)
    return cents
  }

  #cents(cells: Cells, column: 'amount_cents' | 'balance_cents'): number {
    const cents = Number(cells[column])
    if (!/^-?\d+$/.test(cells[column]) || !Number.isSafeInteger(cents))
      throw this.#refusal(column, `'${cells[column]}' is no whole number of cents.`)
    return cents
  }

  #refusal(column: Column, problem: string): HistoryError {
    return new HistoryError(problem, { file: this.file, line: this.line, column })
  }
}

type Cells = Readonly<Record<Column, string>>

function isOperation(text: string): text is Operation {
  return Object.hasOwn(OPERATIONS, text)
}
