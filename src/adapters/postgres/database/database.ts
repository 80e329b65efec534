/**
 * The port over Postgres, wherever it runs: `postgres(pool)` or `await pglite(folder)`. Everything Postgres of this package is written on it once.
 *
 * A `query` commits by itself; `session` keeps several statements on one connection, `transaction` makes them one commit. Inside `work` use its session
 * only: an embedded database has one connection, and a statement beside it would wait for ever.
 */
export interface Database extends DatabaseSession {
  /** Runs several statements on one connection, each in its own commit. The connection goes back when `work` has ended. */
  session<Result>(work: (session: DatabaseSession) => Promise<Result>): Promise<Result>

  /**
   * Runs several statements as one commit, at read committed. When `work` throws, or any of its statements failed, nothing of it stays.
   *
   * @param options.hangMs how long the server lets a statement run, and waits for the next one, before it undoes the transaction of a process that hangs or is
   * cut off. Default: its settings. An embedded database lives and dies with its process, and does without.
   * @throws {DatabaseUnavailableError} with `outcome: 'unknown'`: the reply of the commit was lost.
   */
  transaction<Result>(
    work: (session: DatabaseSession) => Promise<Result>,
    options?: { readonly hangMs?: number | undefined },
  ): Promise<Result>

  /** Undefined: this database cannot tell anybody of what is written to it, and is to be asked. */
  readonly notifications?: Notifications | undefined
}

/** Tells all processes that something was written. A hint that may get lost: whoever hears none asks from time to time. */
export interface Notifications {
  /** Tells of a topic, soon, and of several times together. */
  notify(topic: string): void
  /** Calls `wake` when somebody tells of a topic, and after a lost connection, until the function that it gives is called. */
  listen(topic: string, wake: () => void): () => void
}

/** Runs statements on one connection. */
export interface DatabaseSession {
  /**
   * Runs one statement; gives its rows, or none when the statement has a `take`.
   *
   * @throws {DatabaseError} the database refused it; nothing of it stays.
   * @throws {DatabaseUnavailableError} the database could not be reached, or was lost on the way; `outcome` tells whether it can have run.
   * @throws {DatabaseClosedError} the pool or the embedded database was closed by its owner.
   */
  query(statement: Statement, parameters?: readonly Parameter[]): Promise<readonly Row[]>

  /** Runs statements separated by `;`, without parameters and results: all or none of them. */
  script(sql: string): Promise<void>

  /**
   * Runs a `COPY … FROM STDIN` with the parts of its text, one by one as they are taken. Undefined: this database cannot.
   *
   * @throws {MissingPackageError} `pg-copy-streams` is not installed.
   * @throws what taking a part throws; nothing of it stays.
   */
  copyIn?(text: string, parts: Iterable<Uint8Array>): Promise<void>
}

/** A row as the database sent it: a text or null per column, in the order of the select list. */
export type Row = readonly (string | null)[]

/** Sent as text; the statement casts it (`$1::bigint`, `$2::text[]`). Lists become Postgres arrays of one dimension. */
export type Parameter = Scalar | readonly Scalar[]
export type Scalar = string | number | bigint | boolean | null

export interface Statement {
  readonly text: string
  /** Prepares it once per connection under this name, which must belong to this text alone. Without it the statement is planned each time. */
  readonly name?: string | undefined
  /** How long its answer is waited for, in milliseconds, before the connection is taken for dead, unless the database's time is shorter; 0: for ever. Default: the database's. */
  readonly timeoutMs?: number | undefined
  /** Gets each row as it arrives, also of a statement that fails or runs into its time-out afterwards. What it throws, the statement throws in the end; it gets no more rows then. */
  readonly take?: ((row: Row) => void) | undefined
}
