/** What the server answered: the status, and the parts of the body that are used. */
export interface ServerAnswer {
  readonly status: number
  readonly body: unknown
}

/** A failure as the server tells it, of a request or of one item of it. */
export interface ServerFailure {
  readonly type: string
  readonly reason: string
  readonly caused_by?: ServerFailure | undefined
}

/** The failure in the body of an answer; undefined: it tells of none. */
export function failureOf(body: unknown): ServerFailure | undefined {
  const { error } = (typeof body === 'object' && body !== null ? body : {}) as {
    readonly error?: unknown
  }
  if (typeof error === 'string') return { type: 'unknown', reason: error }
  const { type, reason, caused_by } = (error ?? {}) as Partial<ServerFailure>
  return typeof type === 'string' ? { type, reason: reason ?? type, caused_by } : undefined
}

/** All that a failure tells, from the outermost to the innermost. */
export function reasonOf({ reason, caused_by }: ServerFailure): string {
  return caused_by === undefined || reason.includes(caused_by.reason)
    ? reason
    : `${reason}: ${reasonOf(caused_by)}`
}
