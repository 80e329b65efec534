import { encodeJson } from '../../../event-store/json-value.ts'
import { globalPosition } from '../../../event-store/global-position.ts'
import type { DocumentAt, DocumentWrite } from '../../../projections/read-model-storage.ts'
import { documentId, isId } from './document-id.ts'
import { DocumentUnfitError } from './document-unfit-error.ts'

/** The member that Everfold adds to each document. A deleted one has nothing else. */
export interface EverfoldFields {
  /** A decimal text: not every reader of JSON keeps large numbers. */
  readonly position: string
  /** Id of the event at that position; '': unknown. */
  readonly eventId: string
  readonly lane: number
  readonly deleted: boolean
  /** The key, where the id is not. */
  readonly key?: string | undefined
}

/** A document as a bulk takes it. */
export interface BulkItem<Document> {
  readonly write: DocumentWrite<Document>
  readonly id: string
  /** What is to be done, and with what: two lines of JSON. */
  readonly lines: string
}

/**
 * Encodes a write. Its external version is its position: a document is never replaced by one that contains less of the log.
 *
 * @throws {NotJsonError | DocumentUnfitError} it cannot be a document.
 */
export function encodeWrite<Document>(
  write: DocumentWrite<Document>,
  lane: number,
): BulkItem<Document> {
  const { key, document, position, eventId = '' } = write
  if (!key.isWellFormed())
    throw new DocumentUnfitError(key, 'has half a surrogate pair in its key. Use whole characters.')
  const id = documentId(key)
  const json = document === undefined ? '{}' : encodeDocument(key, document)
  const keyField = isId(key) ? '' : `,"key":${JSON.stringify(key)}`
  const everfold = `"everfold":{"position":"${position}","eventId":${JSON.stringify(eventId)},"lane":${lane},"deleted":${document === undefined}${keyField}}}`
  const source = json === '{}' ? `{${everfold}` : `${json.slice(0, -1)},${everfold}`
  const lines = `{"index":{"_id":${JSON.stringify(id)},"version":${position},"version_type":"external"}}\n${source}\n`
  return { write, id, lines }
}

/** What a search or a read by id gives. */
export interface FoundSource {
  readonly _id: string
  readonly _source: Readonly<Record<string, unknown>> & { readonly everfold: EverfoldFields }
}

export function decodeFound<Document>({ _source }: FoundSource): DocumentAt<Document> {
  const { everfold, ...document } = _source
  const { position, deleted } = everfold
  return {
    document: deleted ? undefined : (document as Document),
    position: globalPosition(position),
  }
}

export function keyOf({ _id, _source }: FoundSource): string {
  return _source.everfold.key ?? _id
}

function encodeDocument(key: string, document: unknown): string {
  const json = encodeJson(document, `document '${key}'`)
  if (!json.startsWith('{'))
    throw new DocumentUnfitError(key, 'is not an object. Give it members, which become fields.')
  if (Object.hasOwn(document as object, 'everfold'))
    throw new DocumentUnfitError(key, "has a member 'everfold', which Everfold adds. Rename it.")
  return json
}
