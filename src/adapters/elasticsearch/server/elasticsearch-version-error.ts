import { EverfoldError } from '../../../errors.ts'

/** The server is older than the client, or is no Elasticsearch. */
export class ElasticsearchVersionError extends EverfoldError {
  readonly code = 'ELASTICSEARCH_VERSION'
  readonly retryable = false

  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The server does not understand this client: ${reason}. Everfold needs Elasticsearch 8.0 or later; version 9 of @elastic/elasticsearch needs a server of version 9, or the headers accept and content-type 'application/vnd.elasticsearch+json; compatible-with=8'; version 8 speaks to both.`,
      options,
    )
  }
}
