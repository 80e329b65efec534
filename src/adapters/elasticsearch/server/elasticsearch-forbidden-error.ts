import { EverfoldError } from '../../../errors.ts'

/** The user of the client may not do what the read model needs, or is not known. */
export class ElasticsearchForbiddenError extends EverfoldError {
  readonly code = 'ELASTICSEARCH_FORBIDDEN'
  readonly retryable = false

  constructor(what: string, reason: string, options?: ErrorOptions) {
    super(
      `Elasticsearch does not allow ${what}: ${reason}. Give the client's user the privilege 'all' on the indices '<index>' and '<index>-*' of the read model, and 'monitor' on the cluster; a reader needs 'read' and 'view_index_metadata'.`,
      options,
    )
  }
}
