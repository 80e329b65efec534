import { EverfoldError } from '../../../errors.ts'

/** Something that is no part of the read model stands under a name that it needs. It was left as it is. */
export class RelationTakenError extends EverfoldError {
  readonly code = 'RELATION_TAKEN'
  readonly retryable = false
  /** Name of the table or view, with its schema. */
  readonly relation: string

  /** @param options.first the first table of the SQL projection that has the name. */
  constructor(
    readModel: string,
    relation: string,
    options?: ErrorOptions & { readonly first?: string },
  ) {
    const { first } = options ?? {}
    super(
      first === undefined
        ? `Read model '${readModel}' needs the name ${relation}, where something else stands. Give the read model another table, or move what stands there.`
        : `Read model '${readModel}' needs the name ${relation}, which an SQL projection has whose first table is '${first}'. Keep that table first in each version of it, or take another name.`,
      options,
    )
    this.relation = relation
  }
}
