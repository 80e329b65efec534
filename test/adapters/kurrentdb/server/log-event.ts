/** An event as the server keeps it. */
export interface LogEvent {
  readonly stream: string
  /** Place in the stream, from 0. */
  readonly revision: bigint
  /** Place in the log: commit and prepare position are equal (facts 2.2). */
  readonly position: bigint
  readonly id: string
  readonly type: string
  readonly contentType: string
  readonly data: Uint8Array
  readonly metadata: Uint8Array
  /** 100 ns since 1970 (facts 5). */
  readonly createdTicks: bigint
}

/** An event that a client proposes. */
export type ProposedEvent = Pick<LogEvent, 'id' | 'type' | 'contentType' | 'data' | 'metadata'>

/** What a client expects of a stream. */
export type Expectation = 'any' | 'no_stream' | 'stream_exists' | bigint

/** What became of an append (facts 2.1). */
export type WriteOutcome =
  | { readonly kind: 'written'; readonly revision: bigint; readonly position: bigint }
  | { readonly kind: 'conflict'; readonly actual: bigint | 'no_stream' }
  | { readonly kind: 'deleted' }
