import type { DocumentWrite, LaneChanges } from '../../../projections/read-model-storage.ts'
import type { DatabaseSession, Parameter, Scalar, Statement } from '../database/database.ts'
import { prepared } from '../database/prepared-statement.ts'
import { ColumnRefusedError } from './column-refused-error.ts'
import { checkKey, isKey } from './document-key.ts'
import type { ColumnDefinition, DocumentColumns } from './document-columns.ts'
import { checkIndexed, type IndexDefinition } from './index-definition.ts'
import type { LaneParameters } from './lane-row.ts'
import { listsAfter, parkedLists, parkedSql } from './parked-changes.ts'

/** Names in SQL that a commit needs. */
export interface CommitNames {
  /** The table of documents and that of parked events, quoted. */
  readonly table: string
  readonly parked: string
  /** The statement that gives a row if the lane was written, with parameters from `$1` on: those of the lane. */
  readonly writeLane: string
  readonly laneParameters: number
}

/** Writes documents, parked events and the lane of one build in one statement. */
export class BuildCommit<Document> {
  readonly #columns: DocumentColumns<Document>
  readonly #indexes: readonly IndexDefinition[]
  readonly #commit: Statement
  readonly #commitParked: Statement

  constructor(
    names: CommitNames,
    columns: DocumentColumns<Document>,
    indexes: readonly IndexDefinition[],
  ) {
    const { definitions } = columns
    this.#columns = columns
    this.#indexes = indexes
    this.#commit = prepared(commitSql(names, { definitions, parks: false }))
    // Seldom, and for few or many events: planned each time, for as many as there are.
    this.#commitParked = { text: commitSql(names, { definitions, parks: true }) }
  }

  /** @returns whether the lane had the expected revision; or what the columns cannot hold: then nothing was sent. */
  async run(
    session: DatabaseSession,
    { parameters, timeoutMs }: LaneParameters,
    changes: LaneChanges<Document>,
  ): Promise<boolean | { readonly refused: ReadonlyMap<string, Error> }> {
    const { park, unpark } = changes
    const refused = new Map<string, Error>()
    const lists = this.#lists(changes.writes, refused)
    if (refused.size > 0) return { refused }
    const parks = park.length > 0 || unpark.length > 0
    const statement = parks ? this.#commitParked : this.#commit
    const values = parks
      ? [...parameters, ...parkedLists(changes), ...lists]
      : [...parameters, ...lists]
    return (await session.query({ ...statement, timeoutMs }, values)).length > 0
  }

  /** The keys to be deleted, then a list per column. */
  #lists(
    writes: readonly DocumentWrite<Document>[],
    refused: Map<string, Error>,
  ): readonly Parameter[] {
    const isIndexed = this.#indexes.length > 0
    const deleted: string[] = []
    const keys: string[] = []
    const positions: bigint[] = []
    const lists: Scalar[][] = this.#columns.definitions.map(() => [])
    for (const { key, document, position } of writes)
      if (document !== undefined)
        try {
          const cells = this.#columns.encode(checkKey(key), document)
          if (isIndexed) checkIndexed(this.#indexes, key, [key, position, ...cells])
          keys.push(key)
          positions.push(position)
          for (let index = 0; index < lists.length; index++)
            lists[index]?.push(cells[index] ?? null)
        } catch (error) {
          if (!(error instanceof ColumnRefusedError)) throw error
          refused.set(key, error)
        }
      else if (isKey(key)) deleted.push(key)
    return [deleted, keys, positions, ...lists]
  }
}

/**
 * The condition on the lane's row holds in the same commit as the documents. A commit that waited for another one's lock on that row finds the revision
 * changed, and writes nothing. Upserts by INSERT: a prepared UPDATE from unnest falls to reading the whole table.
 */
function commitSql(
  { table, parked, writeLane, laneParameters }: CommitNames,
  {
    definitions,
    parks,
  }: { readonly definitions: readonly ColumnDefinition[]; readonly parks: boolean },
): string {
  const names = ['position', ...definitions.map(({ identifier }) => identifier)]
  const types = ['text', 'bigint', ...definitions.map(({ type }) => type)]
  const listsOf = listsAfter(laneParameters)
  return `
WITH lane AS (
${writeLane})${parks ? parkedSql(parked, listsOf) : ''}, deleted AS (
  DELETE FROM ${table} WHERE key = ANY (${listsOf(['text'])}) AND EXISTS (SELECT FROM lane)
), written AS (
  INSERT INTO ${table} (key, ${names.join(', ')})
  SELECT * FROM unnest(${listsOf(types)}) WHERE EXISTS (SELECT FROM lane)
  ON CONFLICT (key) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}
)
SELECT 1 FROM lane`
}
