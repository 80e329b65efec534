import type { ElasticsearchClient } from './elasticsearch-client.ts'
import { failureOf, type ServerAnswer } from './server-answer.ts'
import { translateAnswer, translateThrown } from './server-failure.ts'

/** Clients of version 9 would wait for ever. */
const REQUEST_TIMEOUT_MS = 30_000

export interface ServerRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** Says in errors what was to be done, e.g. `'a search in accounts'`. */
  readonly what: string
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined
  readonly body?: Readonly<Record<string, unknown>> | undefined
  /** Lines of JSON, as `_bulk` takes them, made already: a third of what the client needs to make them. */
  readonly lines?: string | undefined
  /** Statuses, beside those of success, that the caller understands. */
  readonly expected?: readonly number[] | undefined
  /** After which the outcome is unknown; at most, and by default, 30 seconds. */
  readonly timeoutMs?: number | undefined
}

/** Sends requests, each once: what is done again is for the caller to know. The one place that translates failures. */
export class Server {
  readonly client: ElasticsearchClient

  constructor(client: ElasticsearchClient) {
    this.client = client
  }

  /** @throws {EverfoldError} the server refused the request, or did not answer. */
  async send(request: ServerRequest): Promise<ServerAnswer> {
    const { method, path, what, query, body, lines, expected = [] } = request
    const params = {
      ...{ method, path },
      ...(query && { querystring: { ...query } }),
      ...(body && { body: { ...body } }),
      ...(lines !== undefined && { bulkBody: lines }),
    }
    const timeoutMs = Math.min(request.timeoutMs ?? Infinity, REQUEST_TIMEOUT_MS)
    // The client's own timeout ends with the head of the answer.
    const { signal, clear } = deadline(timeoutMs)
    try {
      const options = { meta: true, maxRetries: 0, signal }
      return answerOf(await this.client.transport.request(params, options))
    } catch (error) {
      const answer = refusalIn(error)
      if (answer === undefined)
        throw translateThrown(signal.aborted ? `${what} within ${timeoutMs} ms` : what, error)
      if (expected.includes(answer.status)) return answer
      throw translateAnswer(what, answer.status, failureOf(answer.body))
    } finally {
      clear()
    }
  }
}

function deadline(timeoutMs: number): { readonly signal: AbortSignal; readonly clear: () => void } {
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort()
  }, timeoutMs)
  return {
    signal: late.signal,
    clear: () => {
      clearTimeout(timer)
    },
  }
}

function answerOf(result: unknown): ServerAnswer {
  const { statusCode, body } = result as { readonly statusCode?: number; readonly body?: unknown }
  return { status: statusCode ?? 0, body }
}

/** The answer in a client's `ResponseError`. */
function refusalIn(error: unknown): ServerAnswer | undefined {
  const { name, meta } = error as { readonly name?: unknown; readonly meta?: unknown }
  if (name !== 'ResponseError' || typeof meta !== 'object') return undefined
  return answerOf(meta)
}
