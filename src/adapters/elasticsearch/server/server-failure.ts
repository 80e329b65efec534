import { ElasticsearchForbiddenError } from './elasticsearch-forbidden-error.ts'
import { ElasticsearchRefusedError } from './elasticsearch-refused-error.ts'
import { ElasticsearchUnavailableError } from './elasticsearch-unavailable-error.ts'
import { ElasticsearchVersionError } from './elasticsearch-version-error.ts'
import { IndexBlockedError } from './index-blocked-error.ts'
import { reasonOf, type ServerFailure } from './server-answer.ts'

/** Whether doing the same again can succeed: too many requests, a shard or a node that is not there just now, one that stops while it answers. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

/** Translates a failure that the server told, of a request or of one item. */
export function translateAnswer(
  what: string,
  status: number,
  failure: ServerFailure | undefined,
): Error {
  const { type = 'unknown' } = failure ?? {}
  const reason = failure === undefined ? `status ${status}` : reasonOf(failure)
  if (type === 'cluster_block_exception' && status !== 503)
    return new IndexBlockedError(what, { reason, isDiskFull: status === 429 })
  if (isPassing(status)) return new ElasticsearchUnavailableError(`${what}: ${reason}`)
  if (status === 401 || status === 403) return new ElasticsearchForbiddenError(what, reason)
  if (status === 406 || type === 'media_type_header_exception')
    return new ElasticsearchVersionError(reason)
  return new ElasticsearchRefusedError(what, { status, type, reason })
}

/** Translates what a client threw instead of an answer: by its name, so that the package is not needed. */
export function translateThrown(what: string, error: unknown): Error {
  const cause = error instanceof Error ? error : new Error(String(error))
  if (cause.name === 'ProductNotSupportedError')
    return new ElasticsearchVersionError(
      'what answers does not say that it is Elasticsearch; look at the URL of the node',
      { cause },
    )
  if (WITHOUT_ANSWER.has(cause.name))
    return new ElasticsearchUnavailableError(`${what}: ${cause.message}`, { cause })
  return cause
}

/** Connections that break in the middle of an answer leave half a body. */
const WITHOUT_ANSWER = new Set([
  'ConnectionError',
  'TimeoutError',
  'NoLivingConnectionsError',
  'RequestAbortedError',
  'DeserializationError',
])
