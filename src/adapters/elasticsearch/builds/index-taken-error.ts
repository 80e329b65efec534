import { EverfoldError } from '../../../errors.ts'

/** Something that is no part of the read model has the name that its readers use. It was left as it is. */
export class IndexTakenError extends EverfoldError {
  readonly code = 'INDEX_TAKEN'
  readonly retryable = false
  /** The name. */
  readonly index: string

  constructor(index: string, found: string) {
    super(
      `Read model '${index}' needs the name '${index}' for its alias, which ${found} has. Give the read model another index name, or move what stands there.`,
    )
    this.index = index
  }
}
