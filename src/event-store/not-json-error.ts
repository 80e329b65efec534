import { EverfoldError } from '../errors.ts'

/** A value that is to be stored is not JSON: it would come back changed, or not at all. Nothing was written. */
export class NotJsonError extends EverfoldError {
  readonly code = 'NOT_JSON'
  readonly retryable = false
  /** Where in the value, e.g. `data.lines[2].price`. */
  readonly path: string
  /** What is wrong with it, e.g. `is a Date`. */
  readonly problem: string

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(
      `${path} ${problem}, which JSON does not keep. Store strings, finite numbers, booleans, null, lists and plain objects: e.g. a date as its ISO text, a BigInt as decimal text.`,
      options,
    )
    this.path = path
    this.problem = problem
  }
}
