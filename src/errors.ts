/** Marks every Everfold error, so that two copies of the package in one tree recognise each other's. */
const BRAND = Symbol.for('everfold.error')

/**
 * The one base of all errors that Everfold throws on purpose. `code` is stable and listed in docs/errors.md; the message
 * says what happened, with values, and what to do next.
 */
export abstract class EverfoldError extends Error {
  /** Names the kind of error, e.g. `'WRONG_EXPECTED_VERSION'`. Never matched on message text. */
  abstract readonly code: string
  /** True when doing the same again, or loading and then doing it again, can succeed. */
  abstract readonly retryable: boolean

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Tells whether `error` is an Everfold error, also one of another copy of the package. */
  static is(error: unknown): error is EverfoldError {
    return typeof error === 'object' && error !== null && BRAND in error
  }
}
