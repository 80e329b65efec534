/**
 * What the adapter uses of a client, in its own words: both `@eventstore/db-client` 6.2 and `@kurrent/kurrentdb-client` 1.3 fit. Neither package is imported:
 * whoever makes the client has loaded it, and the two cannot share a process.
 */
export interface KurrentClient {
  appendToStream(
    streamName: string,
    events: KurrentEventData[],
    options: {
      /** The name that `@eventstore/db-client` knows. The other client ignores it. */
      expectedRevision: KurrentExpectation
      /** The name that `@kurrent/kurrentdb-client` knows. */
      streamState: KurrentExpectation
      /** Milliseconds. On the batch path only the server looks at it. */
      deadline: number
    },
  ): Promise<KurrentAppendResult>

  /** Only `@kurrent/kurrentdb-client` has it, and only servers from 25.1 on. */
  multiStreamAppend?(requests: KurrentStreamAppend[]): Promise<KurrentMultiAppendResult>

  /** Only `@kurrent/kurrentdb-client` has it, and only servers from 26.1 on: a stream can be checked without an event of its own. */
  appendRecords?(
    records: KurrentRecord[],
    checks: KurrentStreamCheck[],
  ): Promise<KurrentMultiAppendResult>

  readStream(
    streamName: string,
    options: {
      fromRevision: 'start' | 'end' | bigint
      direction: 'forwards' | 'backwards'
      maxCount: number
      resolveLinkTos: false
      requiresLeader: true
      deadline: number
    },
  ): AsyncIterable<KurrentResolvedEvent>

  readAll(options: {
    fromPosition: 'start' | 'end' | KurrentPosition
    direction: 'forwards' | 'backwards'
    maxCount: number
    resolveLinkTos: false
    requiresLeader: true
    deadline: number
  }): AsyncIterable<KurrentResolvedEvent>

  subscribeToAll(options: {
    fromPosition: 'start' | 'end' | KurrentPosition
    resolveLinkTos: false
    requiresLeader: true
    filter: KurrentFilter
  }): KurrentSubscription
}

export type KurrentExpectation = 'any' | 'no_stream' | 'stream_exists' | bigint

export interface KurrentPosition {
  readonly commit: bigint
  readonly prepare: bigint
}

export interface KurrentEventData {
  id: string
  contentType: 'application/json'
  type: string
  // Whatever JSON holds: the clients' types say less than they take.
  data: Record<string, unknown>
  metadata: Record<string, unknown>
}

export interface KurrentAppendResult {
  readonly success: boolean
  /** Revision of the last event, from 0. */
  readonly nextExpectedRevision: bigint
  readonly position?: KurrentPosition | undefined
}

export interface KurrentStreamCheck {
  type: 'stream_state'
  streamName: string
  expectedState: KurrentExpectation
}

export interface KurrentStreamAppend {
  streamName: string
  events: KurrentFlatEventData[]
  expectedState: KurrentExpectation
}

export interface KurrentRecord {
  streamName: string
  record: KurrentFlatEventData
}

/** An event for the second version of the protocol. */
export interface KurrentFlatEventData extends KurrentEventData {
  metadata: Record<string, string>
}

export interface KurrentMultiAppendResult {
  readonly responses: readonly {
    readonly streamName: string
    /** Of the stream's last event, from 0. */
    readonly revision: bigint
  }[]
}

export interface KurrentResolvedEvent {
  /** Missing where a link's target is gone. */
  readonly event?: KurrentRecordedEvent | undefined
  readonly link?: object | undefined
}

export interface KurrentRecordedEvent {
  readonly streamId: string
  readonly id: string
  readonly isJson: boolean
  /** Place in the stream, from 0. */
  readonly revision: bigint
  readonly type: string
  readonly created: Date
  readonly data: unknown
  readonly metadata: unknown
  /** On reads of streams only from server 22.6. */
  readonly position?: KurrentPosition | undefined
}

/** Looks at stream names or at event types, never at both; of prefixes, one must fit. */
export type KurrentFilter = KurrentFilterOptions &
  ({ readonly prefixes: string[] } | { readonly regex: string })

export interface KurrentFilterOptions {
  readonly filterOn: 'streamName' | 'eventType'
  /** A checkpoint comes after so many times `maxSearchWindow` events that the filter looked at. */
  readonly checkpointInterval: number
  readonly maxSearchWindow: number
  readonly checkpointReached: (subscription: unknown, position: KurrentPosition) => Promise<void>
}

export interface KurrentSubscription extends AsyncIterable<KurrentResolvedEvent> {
  unsubscribe(): Promise<void>
  on(event: 'caughtUp', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}
