/** What travels beside an event's data: `correlationId`, `causationId`, `commandId`, `userId`, ... any JSON. */
export interface EventMetadata {
  readonly [key: string]: unknown
}

/** A fact that an aggregate decided, not stored yet. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type
  /** A JSON value. Members that are `undefined` count as absent. */
  readonly data: Data
  /** A UUID. Default: a new one of version 7. Keep it when an append is repeated: the same ids are stored once. */
  readonly id?: string | undefined
  /** When it happened in the domain. Default: the time of the append. */
  readonly occurredAt?: Date | undefined
  readonly metadata?: EventMetadata | undefined
}
