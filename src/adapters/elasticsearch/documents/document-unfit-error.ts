import { EverfoldError } from '../../../errors.ts'

/** A document cannot be a document of Elasticsearch, whatever the mappings are. Nothing was written. */
export class DocumentUnfitError extends EverfoldError {
  readonly code = 'DOCUMENT_UNFIT'
  readonly retryable = false
  /** Key of the document. */
  readonly key: string

  constructor(key: string, reason: string) {
    super(`The document under key ${JSON.stringify(key)} ${reason}`)
    this.key = key
  }
}
