import { createHash } from 'node:crypto'
import { globalPosition } from '../../../event-store/global-position.ts'
import type { LaneChanges, ParkedEvent } from '../../../projections/read-model-storage.ts'

/** Digits of the greatest position: texts of one length have the order of their numbers. */
const POSITION_DIGITS = 19

/** The arguments of a commit for parked events: how many to park, to remove, to give up; then those of each. */
export function parkedArguments<Document>({ park, unpark }: LaneChanges<Document>): {
  readonly counts: readonly string[]
  readonly values: readonly string[]
} {
  const removed = unpark.filter(({ discarded }) => discarded === undefined)
  const givenUp = unpark.filter(({ discarded }) => discarded !== undefined)
  const counts = [park, removed, givenUp].map(({ length }) => String(length))
  const values = [
    ...park.flatMap((event) => [memberOf(event), eventText(event)]),
    ...removed.map(memberOf),
    ...givenUp.flatMap((event) => [memberOf(event), JSON.stringify(event.discarded)]),
  ]
  return { counts, values }
}

/** Where the parked events of a key, or of all keys, begin and end, as ZRANGEBYLEX takes it. */
export function parkedRange(key: string | undefined): readonly [begin: string, end: string] {
  return key === undefined ? ['-', '+'] : [`[${digestOf(key)}:`, `(${digestOf(key)};`]
}

export function parkedEvent(
  member: string,
  [json, reason]: readonly [string, string | null],
): ParkedEvent {
  const { key, streamId, version, error, discarded } = JSON.parse(json) as Omit<
    ParkedEvent,
    'position'
  >
  const position = globalPosition(BigInt(member.slice(member.indexOf(':') + 1)))
  const givenUp = reason === null ? discarded : (JSON.parse(reason) as string)
  return { key, position, streamId, version, error, discarded: givenUp }
}

function memberOf({ key, position }: Pick<ParkedEvent, 'key' | 'position'>): string {
  return `${digestOf(key)}:${String(position).padStart(POSITION_DIGITS, '0')}`
}

/** JSON keeps every text as it is, half surrogate pairs, too. */
function eventText({ key, streamId, version, error, discarded }: ParkedEvent): string {
  return JSON.stringify({ key, streamId, version, error, discarded })
}

/** Of a key that may be long, or hold what no name can. */
function digestOf(key: string): string {
  return createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex')
}
