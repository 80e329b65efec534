/** What the read model needs of a client: `new Client({ node })` of `@elastic/elasticsearch` 8.15 and later, or 9, fits. */
export interface ElasticsearchClient {
  readonly transport: {
    request(params: TransportParams, options?: TransportOptions): Promise<unknown>
  }
}

interface TransportParams {
  readonly method: string
  readonly path: string
  querystring?: Record<string, unknown>
  body?: Record<string, unknown> | string
  bulkBody?: string
}

interface TransportOptions {
  meta?: boolean
  ignore?: number[]
  maxRetries?: number
  signal?: AbortSignal
}
