import { EverfoldError } from '../../../errors.ts'

/** The mappings of an index do not take what a document has in a field. */
export class FieldRefusedError extends EverfoldError {
  readonly code = 'FIELD_REFUSED'
  readonly retryable = false
  /** Key of the document. */
  readonly key: string
  /** Name of the field; undefined: Elasticsearch did not tell. */
  readonly field: string | undefined
  /** Position of the event that the document was made of last. */
  readonly position: bigint
  /** Id of that event. */
  readonly eventId: string | undefined

  constructor(
    refused: {
      readonly key: string
      readonly position: bigint
      readonly eventId: string | undefined
    },
    field: string | undefined,
    reason: string,
  ) {
    const { key, position, eventId } = refused
    const where = field === undefined ? '' : ` in field '${field}'`
    super(
      `Elasticsearch refused the document under key ${JSON.stringify(key)}${where}, as the event at position ${position} (${eventId ?? 'id unknown'}) made it: ${reason}. Correct the projection, or the mappings and raise the version of the projection.`,
    )
    this.key = key
    this.field = field
    this.position = position
    this.eventId = eventId
  }
}
