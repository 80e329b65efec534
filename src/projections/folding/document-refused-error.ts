import { EverfoldError } from '../../errors.ts'

/** The sink cannot hold a document; the cause says why. Nothing of the page was written. */
export class DocumentRefusedError extends EverfoldError {
  readonly code = 'DOCUMENT_REFUSED'
  readonly retryable = false
  readonly projection: string
  readonly key: string

  constructor(
    refused: { readonly projection: string; readonly readModel: string; readonly key: string },
    options: ErrorOptions & { readonly cause: Error },
  ) {
    const { projection, readModel, key } = refused
    super(
      `Read model '${readModel}' cannot hold document '${key}' of projection '${projection}': ${options.cause.message} Correct the projection or the read model's columns and start the runner again.`,
      options,
    )
    this.projection = projection
    this.key = key
  }
}
