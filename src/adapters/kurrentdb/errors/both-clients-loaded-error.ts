import { EverfoldError } from '../../../errors.ts'

/** Both client packages are loaded in one process: their generated code overwrites each other's, and calls hang or get wrong answers. */
export class BothClientsLoadedError extends EverfoldError {
  readonly code = 'BOTH_CLIENTS_LOADED'
  readonly retryable = false

  constructor(options?: ErrorOptions) {
    super(
      "Both '@eventstore/db-client' and '@kurrent/kurrentdb-client' are loaded in this process. They register their messages under the same global names, and the one that was loaded first then hangs or answers wrongly. Load only one of them, or use a process for each.",
      options,
    )
  }
}
