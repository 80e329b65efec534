import { globalPosition } from '../../../event-store/global-position.ts'
import type { DocumentAt, DocumentWrite } from '../../../projections/read-model-storage.ts'
import { ColumnRefusedError } from './column-refused-error.ts'
import type { DatabaseSession, Parameter, Row, Scalar, Statement } from '../database/database.ts'
import type { ColumnDefinition, DocumentColumns } from './document-columns.ts'
import { prepared } from '../database/prepared-statement.ts'
import { isStorableText } from '../database/storable-text.ts'

/** The index on keys takes up to 2,692 bytes where pages have 8 KiB. */
const MAX_KEY_BYTES = 2600
const SCAN_PAGE_DOCUMENTS = 1000
const SCAN_PAGE_BYTES = 4 * 2 ** 20

/** The table of one build: a row per document. */
export class BuildTable<Document> {
  readonly #columns: DocumentColumns<Document>
  readonly #load: Statement
  readonly #firstPage: Statement
  readonly #nextPage: Statement
  readonly #commit: Statement

  /** @param names.table quoted; `writeLane` is the statement, with parameters `$1` to `$11`, that gives a row if documents may be written. */
  constructor(
    names: { readonly table: string; readonly writeLane: string },
    columns: DocumentColumns<Document>,
  ) {
    const { definitions } = columns
    this.#columns = columns
    this.#load = prepared(
      `SELECT ${listOf(definitions)} FROM ${names.table} WHERE key = ANY ($1::text[])`,
    )
    this.#firstPage = prepared(pageSql(names.table, definitions, '>='))
    this.#nextPage = prepared(pageSql(names.table, definitions, '>'))
    this.#commit = prepared(commitSql(names, definitions))
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

  /**
   * Writes the lane, and if that succeeded the documents, in one statement.
   *
   * @returns whether it did; or what the columns cannot hold: then nothing was sent.
   */
  async commit(
    session: DatabaseSession,
    lane: readonly Parameter[],
    writes: readonly DocumentWrite<Document>[],
  ): Promise<boolean | { readonly refused: ReadonlyMap<string, Error> }> {
    const refused = new Map<string, Error>()
    const deleted: string[] = []
    const lists: Scalar[][] = [[], [], ...this.#columns.definitions.map(() => [])]
    for (const { key, document, position } of writes)
      if (document !== undefined)
        try {
          const cells = [checkKey(key), position, ...this.#columns.encode(key, document)]
          for (const [index, cell] of cells.entries()) lists[index]?.push(cell)
        } catch (error) {
          if (!(error instanceof ColumnRefusedError)) throw error
          refused.set(key, error)
        }
      else if (isKey(key)) deleted.push(key)
    if (refused.size > 0) return { refused }
    return (await session.query(this.#commit, [...lane, deleted, ...lists])).length > 0
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

/**
 * The condition on the lane's row holds in the same commit as the documents. A commit that waited for another one's lock on that row finds the revision
 * changed, and writes nothing. Upserts by INSERT: a prepared UPDATE from unnest falls to reading the whole table.
 */
function commitSql(
  { table, writeLane }: { readonly table: string; readonly writeLane: string },
  definitions: readonly ColumnDefinition[],
): string {
  const names = ['position', ...definitions.map(({ identifier }) => identifier)]
  const types = ['text', 'bigint', ...definitions.map(({ type }) => type)]
  const lists = types.map((type, index) => `$${index + 13}::${type}[]`)
  return `
WITH lane AS (
${writeLane}), deleted AS (
  DELETE FROM ${table} WHERE key = ANY ($12::text[]) AND EXISTS (SELECT FROM lane)
), written AS (
  INSERT INTO ${table} (key, ${names.join(', ')})
  SELECT * FROM unnest(${lists.join(', ')}) WHERE EXISTS (SELECT FROM lane)
  ON CONFLICT (key) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}
)
SELECT 1 FROM lane`
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

function isKey(key: string): boolean {
  return (
    isStorableText(key) &&
    (key.length <= MAX_KEY_BYTES / 3 || Buffer.byteLength(key) <= MAX_KEY_BYTES)
  )
}

function checkKey(key: string): string {
  if (isKey(key)) return key
  throw new ColumnRefusedError(
    { key, column: 'key', value: key },
    `a key is a text of up to ${MAX_KEY_BYTES} bytes without U+0000 and half surrogate pairs.`,
  )
}
