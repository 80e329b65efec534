import type { ReadModel } from '../../../src/index.ts'
import type { Balance } from '../../domain/account.ts'
import type { Trail } from '../projection-trails.ts'

export type SinkName = 'postgres' | 'redis' | 'elasticsearch'

/** A kind of sink that fault suites put read models into; the log stands in Postgres always. */
export interface FaultSink {
  readonly name: SinkName
  /** In names of tests. */
  readonly title: string
  /** Names the server's URL in the environment. */
  readonly variable: string
  /** Whether its server is that of the log, too. */
  readonly holdsLog: boolean
  /** Code of what a runner meets while the server cannot be reached. */
  readonly unavailable: string
  /** Whether documents and lane are written by several requests: it tells which of them hold documents. */
  readonly isDivided: boolean
  /** What a request that writes documents' lane contains, beside its owner's name; where one request writes both, a part of their keys. */
  readonly inLaneWrite: string
  open(options: SinkOptions): OpenSink | Promise<OpenSink>
  inspect(options: SinkOptions): SinkInspector | Promise<SinkInspector>
}

export interface SinkOptions {
  readonly url: string
  /** Names what a test puts into the sink: no other test uses it. For Postgres it is the schema of the log. */
  readonly namespace: string
  /** Sends each request to the server; a process may end itself before, or after. */
  readonly around?: Around | undefined
}

export type Around = <Result>(send: () => Result, what?: RequestKind) => Result

export type RequestKind = 'documents' | 'other'

/** A sink as one process has it: connections of its own, which disposing of it closes. */
export interface OpenSink extends AsyncDisposable {
  balances(): ReadModel<Balance>
  trails(): ReadModel<Trail>
}

/** Looks into a sink behind the back of the read model, at balances. */
export interface SinkInspector extends AsyncDisposable {
  /** Begins to write down the steps of all lanes. Builds may have been read, but none is made yet. */
  watchLanes(): Promise<void>
  /** Steps that went back, or brought a lane to somebody who had not claimed it, or were made in a lane that nobody had. */
  stolen(): Promise<readonly string[]>
  /** Number of the build that readers from outside see; undefined: none yet. */
  shownBuild(): Promise<number | undefined>
  /** Makes readers from outside see what was written, where they see it a moment later. */
  settle?(): Promise<void>
  /** What readers from outside see; empty: nothing is shown yet. */
  shownDocuments(): Promise<ReadonlyMap<string, ShownDocument>>
  /** Numbers of the builds of which there is anything in the sink. */
  storedBuilds(): Promise<readonly number[]>
}

export interface ShownDocument {
  readonly document: Balance
  readonly position: bigint
}

export interface PrivateSinkServers {
  /** Why none can be had here; undefined: it can. */
  readonly skipped: string | undefined
  start(): Promise<PrivateSinkServer>
}

/** Disposing of it stops it. */
export interface PrivateSinkServer extends AsyncDisposable {
  readonly url: string
  /** Ends it without a chance to write anything. */
  crash(): Promise<void>
  /** Starts it again at the same address, with what it has kept. */
  restart(): Promise<void>
}
