import type { AppendVerdict, StorageAppend } from '../../../event-store/event-storage.ts'
import type { ExpectedVersion } from '../../../event-store/expected-version.ts'
import type { EventToStore } from '../../../event-store/stored-event.ts'
import type { Parameter, Row, Scalar } from '../database/database.ts'
import { jsonListText } from '../database/parameter-text.ts'
import { positionOf } from '../log/stored-row.ts'
import { millisecondsOfEpoch, timestampText } from '../database/timestamp.ts'

/** The parameters of `append_event`, for an append of one event. `waitMs`: how long each lock is waited for. */
export function appendEventParameters(
  append: StorageAppend,
  { event, waitMs }: { readonly event: EventToStore; readonly waitMs: number },
): readonly Parameter[] {
  const { id, type, schemaVersion, data, metadata } = event
  return [...placeOf(append, waitMs), id, type, schemaVersion, data, metadata, occurredAt(event)]
}

/** The parameters of `append_events`. */
export function appendEventsParameters(
  append: StorageAppend,
  waitMs: number,
): readonly Parameter[] {
  return [...placeOf(append, waitMs), ...columnsOf(append.events)]
}

function placeOf(append: StorageAppend, waitMs: number): readonly Scalar[] {
  const { streamId, commandId = null, expectedVersion } = append
  const [atLeast, atMost] = boundsOf(expectedVersion)
  return [waitMs, streamId, atLeast, atMost, commandId]
}

function columnsOf(events: readonly EventToStore[]): readonly Parameter[] {
  return [
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ schemaVersion }) => schemaVersion),
    jsonListText(events.map(({ data }) => data)),
    jsonListText(events.map(({ metadata }) => metadata)),
    events.map(occurredAt),
  ]
}

export interface AppendAllOptions {
  /** Whether an append that is refused keeps all others from being written. */
  readonly isAtomic: boolean
  /** How long each lock is waited for; null: in a caller's transaction, for as long as that waits. */
  readonly waitMs: number | null
}

/** The parameters of `append_all`. */
export function appendAllParameters(
  appends: readonly StorageAppend[],
  { isAtomic, waitMs }: AppendAllOptions,
): readonly Parameter[] {
  const bounds = appends.map(({ expectedVersion }) => boundsOf(expectedVersion))
  const counts = appends.map(({ events }) => events.length)
  const events = appends.flatMap((append) => append.events)
  return [
    waitMs,
    isAtomic,
    appends.map(({ streamId }) => streamId),
    bounds.map(([atLeast]) => atLeast),
    bounds.map(([, atMost]) => atMost),
    appends.map(({ commandId = null }) => commandId),
    firstsOf(counts),
    counts,
    appends.flatMap((append, index) => append.events.map(() => index + 1)),
    appends.flatMap((append) => append.events.map((_, index) => index + 1)),
    ...columnsOf(events),
  ]
}

/** Where the events of each append begin among all, from 1. */
function firstsOf(counts: readonly number[]): readonly number[] {
  let next = 1
  return counts.map((count) => (next += count) - count)
}

/** Reads a row of status, version, positions, recorded_at. */
export function verdictOf([status, version, positions, recordedAt]: Row): AppendVerdict {
  switch (status) {
    case 'appended':
      return {
        status,
        version: Number(version),
        positions: positionsOf(positions),
        recordedAtMs: typeof recordedAt === 'string' ? millisecondsOfEpoch(recordedAt) : undefined,
      }
    case 'wrong-version':
      return { status, actual: Number(version), overlap: positionsOf(positions).length }
    case 'command-repeated': {
      const [position = positionOf('0')] = positionsOf(positions)
      return { status, version: Number(version), position }
    }
    default:
      return { status: status === 'not-written' ? status : 'raced' }
  }
}

/** The versions at which the stream may be, both inclusive. */
function boundsOf(expected: ExpectedVersion): readonly [atLeast: number, atMost: number] {
  switch (expected) {
    case 'no-stream':
      return [0, 0]
    case 'stream-exists':
      return [1, GREATEST_VERSION]
    case 'any':
      return [0, GREATEST_VERSION]
    default:
      return [expected, expected]
  }
}

const GREATEST_VERSION = 2 ** 31 - 1

function occurredAt({ occurredAtMs }: EventToStore): string | null {
  return occurredAtMs === undefined ? null : timestampText(occurredAtMs)
}

/** Reads a Postgres array of bigint, e.g. `{7,8}`. */
function positionsOf(text: string | null | undefined) {
  return typeof text === 'string' && text !== '{}'
    ? text.slice(1, -1).split(',').map(positionOf)
    : []
}
