import { EverfoldError } from '../../../errors.ts'

/** An optional package that this part needs is not installed. */
export class MissingPackageError extends EverfoldError {
  readonly code = 'MISSING_PACKAGE'
  readonly retryable = false

  constructor(name: string, options?: ErrorOptions) {
    super(`The package '${name}' is not installed. Install it: npm install ${name}`, options)
  }
}
