import { EverfoldError } from '../../../errors.ts'

/** Something that is no part of the read model stands under a name that it needs. It was left as it is. */
export class RelationTakenError extends EverfoldError {
  readonly code = 'RELATION_TAKEN'
  readonly retryable = false
  /** Name of the table or view, with its schema. */
  readonly relation: string

  constructor(readModel: string, relation: string, options?: ErrorOptions) {
    super(
      `Read model '${readModel}' needs the name ${relation}, where something else stands. Give the read model another table, or move what stands there.`,
      options,
    )
    this.relation = relation
  }
}
