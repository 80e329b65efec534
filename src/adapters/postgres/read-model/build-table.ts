import { globalPosition } from '../../../event-store/global-position.ts'
import type { DocumentAt, DocumentWrite } from '../../../projections/read-model-storage.ts'
import type { DatabaseSession, Row, Statement } from '../database/database.ts'
import type { ColumnDefinition, DocumentColumns } from './document-columns.ts'
import { isKey } from './document-key.ts'
import { prepared } from '../database/prepared-statement.ts'

const SCAN_PAGE_DOCUMENTS = 1000
const SCAN_PAGE_BYTES = 4 * 2 ** 20

/** The table of one build: a row per document. */
export class BuildTable<Document> {
  readonly #columns: DocumentColumns<Document>
  readonly #load: Statement
  readonly #firstPage: Statement
  readonly #nextPage: Statement

  /** @param table quoted. */
  constructor(table: string, columns: DocumentColumns<Document>) {
    const { definitions } = columns
    this.#columns = columns
    this.#load = prepared(
      `SELECT ${listOf(definitions)} FROM ${table} WHERE key = ANY ($1::text[])`,
    )
    this.#firstPage = prepared(pageSql(table, definitions, '>='))
    this.#nextPage = prepared(pageSql(table, definitions, '>'))
  }

  async load(
    session: DatabaseSession,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, DocumentAt<Document>>> {
    const possible = keys.filter(isKey) // others were refused: a lone surrogate would find what stands under U+FFFD
    const rows = await session.query(this.#load, [possible])
    return new Map(
      rows.map((row) => {
        const { key, ...document } = this.#decode(row)
        return [key, document]
      }),
    )
  }

  /** The documents after a key, in the order of keys: up to a thousand, or up to some megabytes. Empty: there are no more. */
  async page(
    session: DatabaseSession,
    after: string | undefined,
  ): Promise<readonly DocumentWrite<Document>[]> {
    const statement = after === undefined ? this.#firstPage : this.#nextPage
    const rows = await session.query(statement, [after ?? ''])
    return rows.map((row) => this.#decode(row))
  }

  #decode([key, position, ...cells]: Row): DocumentWrite<Document> {
    return {
      key: key ?? '',
      document: this.#columns.decode(cells),
      position: globalPosition(position ?? ''),
    }
  }
}

/** Makes the table. Half of each page is left free, so that an update finds room on the page of its row (measured: two thirds of the server's work). */
export function createTableSql(table: string, definitions: readonly ColumnDefinition[]): string {
  const columns = definitions.map(
    ({ identifier, type, empty }) =>
      `, ${identifier} ${type}${empty === 'refused' ? ' NOT NULL' : ''}`,
  )
  return `CREATE TABLE ${table} (key text COLLATE "C" PRIMARY KEY, position bigint NOT NULL${columns.join('')}) WITH (fillfactor = 50)`
}

/** Ends a page where its texts grow too large, but not before the first document. */
function pageSql(
  table: string,
  definitions: readonly ColumnDefinition[],
  after: '>' | '>=',
): string {
  const sizes = definitions
    .filter(({ type }) => type === 'text' || type === 'json')
    .map(({ identifier }) => ` + coalesce(octet_length(${identifier}::text), 0)`)
  const aliases = definitions.map((_, index) => `, c${index}`).join('')
  return `
SELECT k, p${aliases}
FROM (
  SELECT page.*, sum(size) OVER (ORDER BY k ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT ${listOf(definitions)}, 0${sizes.join('')}
    FROM ${table} WHERE key ${after} $1 ORDER BY key LIMIT ${SCAN_PAGE_DOCUMENTS}
  ) AS page (k, p${aliases}, size)
) AS pages
WHERE total - size < ${SCAN_PAGE_BYTES}
ORDER BY k`
}

function listOf(definitions: readonly ColumnDefinition[]): string {
  return ['key', 'position', ...definitions.map(({ identifier }) => identifier)].join(', ')
}
