/** What is used of a `pg.Pool`. Listen to its `'error'` event, as `pg` asks: it reports idle connections that broke. */
export interface PostgresPool {
  readonly ended?: boolean
  connect(callback: (error: Error | undefined, client: PostgresClient | undefined) => void): void
}

/** What is used of a `pg.PoolClient`. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ readonly rows: unknown[] }>
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  release(destroy?: boolean): void
}

export interface PostgresQuery {
  readonly text: string
  readonly name?: string
  readonly values?: (string | null)[]
  readonly rowMode: 'array'
  /** Per query: `pg`'s global parsers belong to the application. */
  readonly types: { getTypeParser(): (text: string) => string }
}
