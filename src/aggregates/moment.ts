import { isVersion } from '../event-store/expected-version.ts'
import { InvalidVersionError } from '../event-store/invalid-version-error.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'

/** A moment in the life of one aggregate. */
export type AggregateMoment =
  /** After this version; 0 = before the first event. */
  | { readonly atVersion: number }
  /** What was known then: the events recorded at or before it. */
  | { readonly recordedAt: Date }
  /** What was true then, as known now: the events that occurred at or before it. */
  | { readonly occurredAt: Date }

/** Gives the test that an event passes when it belongs to a moment. */
export function belongsTo(moment: AggregateMoment): (event: RecordedEvent) => boolean {
  const given = Object.keys(moment).filter((name) => NAMES.has(name))
  if (given.length !== 1)
    throw new TypeError(
      `A moment is one of atVersion, recordedAt and occurredAt; given: ${given.join(', ') || 'none'}.`,
    )
  if ('atVersion' in moment) {
    const { atVersion } = moment
    if (!isVersion(atVersion))
      throw new InvalidVersionError(
        'atVersion',
        atVersion,
        'a whole number: versions count from 1, 0 is before the first event',
      )
    return (event) => event.version <= atVersion
  }
  const [name, date] =
    'recordedAt' in moment
      ? (['recordedAt', moment.recordedAt] as const)
      : (['occurredAt', moment.occurredAt] as const)
  if (Number.isNaN(date.getTime()))
    throw new TypeError(
      `${name} is an invalid Date. Pass a valid one, in UTC: a calendar day ends at 23:59:59.999Z.`,
    )
  return (event) => event[name] <= date
}

const NAMES: ReadonlySet<string> = new Set(['atVersion', 'recordedAt', 'occurredAt'])
