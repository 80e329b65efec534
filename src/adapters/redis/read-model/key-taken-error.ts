import { EverfoldError } from '../../../errors.ts'

/** A key that a read model needs is there already, and holds something else. Nothing was written. */
export class KeyTakenError extends EverfoldError {
  readonly code = 'KEY_TAKEN'
  readonly retryable = false
  readonly readModel: string
  /** Name of the key. */
  readonly key: string

  constructor(readModel: string, key: string, what: string) {
    super(
      `Key '${key}' of read model '${readModel}' ${what}. Delete it, or give the read model another prefix, then resume or start the runner.`,
    )
    this.readModel = readModel
    this.key = key
  }
}
