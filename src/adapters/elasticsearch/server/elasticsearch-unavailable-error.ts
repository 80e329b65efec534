import { EverfoldError } from '../../../errors.ts'

/** Elasticsearch could not be reached, was lost before it replied, or has no room for more just now. */
export class ElasticsearchUnavailableError extends EverfoldError {
  readonly code = 'ELASTICSEARCH_UNAVAILABLE'
  readonly retryable = true

  constructor(what: string, options?: ErrorOptions) {
    super(
      `Elasticsearch did not do ${what}. It is tried again; if it goes on, look at the URL of the client's node and at the server.`,
      options,
    )
  }
}
