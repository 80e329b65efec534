import { EverfoldError } from '../../../errors.ts'

/** Elasticsearch refused a request. Its own words are in the message. */
export class ElasticsearchRefusedError extends EverfoldError {
  readonly code = 'ELASTICSEARCH_REFUSED'
  readonly retryable = false
  /** HTTP status of the answer. */
  readonly status: number
  /** By which Elasticsearch names what went wrong, e.g. `'illegal_argument_exception'`. */
  readonly type: string

  constructor(
    what: string,
    refused: { readonly status: number; readonly type: string; readonly reason: string },
    options?: ErrorOptions,
  ) {
    const { status, type, reason } = refused
    super(`Elasticsearch refused ${what} (${status} ${type}): ${reason}.`, options)
    this.status = status
    this.type = type
  }
}
