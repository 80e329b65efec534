import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import { globalPosition, type GlobalPosition } from '../../../event-store/global-position.ts'
import type { StoredEvent } from '../../../event-store/stored-event.ts'
import { MAX_STREAM_ID_LENGTH, type StreamId } from '../../../event-store/stream-id.ts'
import type { KurrentRecordedEvent, KurrentResolvedEvent } from '../client/kurrent-client.ts'
import { KurrentError } from '../errors/kurrent-error.ts'
import { ServerTooOldError } from '../errors/server-too-old-error.ts'
import { open } from './envelope.ts'

/** The server sends this, or more, where it tells no position. */
const NO_POSITION = 2n ** 63n

/**
 * The record that a read gave as the event of a stream that can be ours: no system event, no link, and in a stream of a category. All else in the log is passed over, and is
 * never named in a checkpoint: it may be scavenged.
 */
export function eventOf({ event, link }: KurrentResolvedEvent): KurrentRecordedEvent | undefined {
  if (event === undefined || link !== undefined) return undefined
  const { streamId, type } = event
  if (type.startsWith('$') || streamId.startsWith('$')) return undefined
  const dash = streamId.indexOf('-')
  const isNamed = dash > 0 && dash < streamId.length - 1 && streamId.length <= MAX_STREAM_ID_LENGTH
  return isNamed ? event : undefined
}

/** A recorded event in the port's words. The client has parsed its data: to make a text of them, and to parse that, would take a tenth of the time that a log is read in. */
export class KurrentStoredEvent implements StoredEvent {
  readonly streamId: StreamId
  readonly version: number
  readonly position: GlobalPosition
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly parsed: unknown
  readonly occurredAtMs: number
  readonly recordedAtMs: number
  readonly #metadata: unknown

  /** @param stepMs what `recordedAt` is cut to. */
  constructor(event: KurrentRecordedEvent, stepMs: number) {
    const { schemaVersion, occurredAtMs } = open(event.metadata)
    const createdMs = event.created.getTime()
    this.streamId = event.streamId as StreamId
    this.version = Number(event.revision) + 1
    this.position = positionOf(event)
    this.id = event.id.toLowerCase()
    this.type = event.type
    this.schemaVersion = schemaVersion
    this.parsed = valueOf(event)
    this.recordedAtMs = createdMs - (createdMs % stepMs)
    this.occurredAtMs = occurredAtMs ?? this.recordedAtMs
    this.#metadata = event.metadata
  }

  get data(): string {
    return JSON.stringify(this.parsed)
  }

  get metadata(): string {
    return JSON.stringify(open(this.#metadata).metadata())
  }
}

/**
 * Place in the log.
 *
 * @throws {ServerTooOldError} the server does not tell it.
 * @throws {KurrentError} several events share the place: they were written in a transaction of the old TCP protocol.
 */
export function positionOf({ position, streamId }: KurrentRecordedEvent): GlobalPosition {
  if (position === undefined || position.commit >= NO_POSITION)
    throw new ServerTooOldError('the position of an event in a read of its stream', '22.6')
  if (position.commit === position.prepare) return position.commit as GlobalPosition
  throw new KurrentError(
    `The event at ${position.commit} in stream '${streamId}' was written in a transaction of the old TCP protocol, where several events share one position. Copy such streams into a new log before you use it here.`,
  )
}

export function checkpointOf(event: KurrentRecordedEvent): Checkpoint {
  return { position: positionOf(event), eventId: event.id.toLowerCase() }
}

/** Bytes that are no JSON come as text in base64, under one member. */
function valueOf({ data, isJson }: KurrentRecordedEvent): unknown {
  if (isJson) return data ?? null
  const bytes = ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.alloc(0)
  return { base64: bytes.toString('base64') }
}

/** Where a read of the log begins: at a place that has an event, inclusive. */
export function readPosition(position: bigint): { commit: bigint; prepare: bigint } {
  const commit = globalPosition(position)
  return { commit, prepare: commit }
}
