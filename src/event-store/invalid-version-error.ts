import { EverfoldError } from '../errors.ts'

/** A number that was to be a version is none: negative, fractional or out of range. Nothing was read or written. */
export class InvalidVersionError extends EverfoldError {
  readonly code = 'INVALID_VERSION'
  readonly retryable = false
  /** Name of the option that holds it. */
  readonly option: string
  readonly value: unknown

  constructor(option: string, value: unknown, allowed: string, options?: ErrorOptions) {
    super(`${option} is ${String(value)}. Pass ${allowed}.`, options)
    this.option = option
    this.value = value
  }
}
