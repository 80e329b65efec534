import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { parse } from 'csv-parse'
import { HistoryError } from './history-error.ts'
import { HistoryRow } from './history-row.ts'
import { isSystemError } from './system-error.ts'
import { COLUMNS, type Column } from './transaction.ts'

/** A bank history in a CSV file. */
export interface BankHistory {
  readonly file: string
  readonly bytes: number
  /** Reads the rows in the order of the file, a few at a time; throws a `HistoryError` at the first malformed one. */
  readonly rows: () => AsyncIterable<HistoryRow>
}

/**
 * Finds a bank history.
 *
 * @throws {HistoryError} there is no such file.
 */
export async function openBankHistory(file: string): Promise<BankHistory> {
  const found = await stat(file).catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  if (found.isDirectory()) throw new HistoryError('it is a folder, not a file.', { file })
  return { file, bytes: found.size, rows: () => readRows(file) }
}

async function* readRows(file: string): AsyncGenerator<HistoryRow> {
  let header: readonly string[] | undefined
  for await (const record of readRecords(file))
    if (header === undefined) header = checkHeader(record)
    else yield rowOf(record, header)
  if (header === undefined)
    throw new HistoryError('the file is empty.', { file, line: 1, column: COLUMNS[0] })
}

interface CsvRecord {
  readonly file: string
  readonly line: number
  readonly bytesRead: number
  readonly cells: readonly string[]
}

/** Splits a CSV file (RFC 4180, UTF-8 with or without a byte order mark) into records, without a look at their cells. */
async function* readRecords(file: string): AsyncGenerator<CsvRecord> {
  let openQuote: Error | undefined
  const parser = parse({
    bom: true,
    info: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    // An error would end the stream at once and take the good records before it along.
    skip_records_with_error: true,
    on_skip: (error) => {
      openQuote = error
      return undefined
    },
  })
  // Errors come out of the loop below; the callback keeps them from being thrown a second time.
  const records: AsyncIterable<{ record: string[]; info: { lines: number; bytes: number } }> =
    pipeline(createReadStream(file), parser, () => undefined)
  let line = 0
  try {
    for await (const { record, info } of records) {
      line = info.lines
      yield { file, line, bytesRead: info.bytes, cells: record }
    }
  } catch (cause) {
    throw isSystemError(cause) ? unreadable(file, cause) : cause
  }
  if (openQuote !== undefined)
    throw new HistoryError(
      'a quote is opened and never closed.',
      { file, line: line + 1 },
      { cause: openQuote },
    )
}

function checkHeader({ file, line, cells }: CsvRecord): readonly string[] {
  const missing = COLUMNS.find((column) => !cells.includes(column))
  if (missing !== undefined)
    throw new HistoryError(`the header does not name it. It must name ${COLUMNS.join(', ')}.`, {
      file,
      line,
      column: missing,
    })
  const repeated = COLUMNS.find((column) => cells.indexOf(column) !== cells.lastIndexOf(column))
  if (repeated !== undefined)
    throw new HistoryError('the header names it twice.', { file, line, column: repeated })
  return cells
}

function rowOf(record: CsvRecord, header: readonly string[]): HistoryRow {
  const { file, line, cells } = record
  if (cells.length !== header.length)
    throw new HistoryError(
      `the row has ${cells.length} fields, the header names ${header.length}.`,
      { file, line, column: header[cells.length] ?? String(header.length + 1) },
    )
  const named = COLUMNS.map((column) => [column, cells[header.indexOf(column)]])
  return new HistoryRow(Object.fromEntries(named) as Record<Column, string>, record)
}

function unreadable(file: string, cause: unknown): HistoryError {
  const isMissing = isSystemError(cause) && cause.code === 'ENOENT'
  const problem = isMissing ? 'there is no such file.' : `it cannot be read: ${String(cause)}`
  return new HistoryError(problem, { file }, { cause })
}
