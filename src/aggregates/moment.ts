import { isVersion } from '../event-store/expected-version.ts'
import { InvalidVersionError } from '../event-store/invalid-version-error.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { happenedBy, type TimeMoment } from '../event-store/time-moment.ts'
import type { SnapshotBounds } from '../snapshots/snapshot-store.ts'

/** A moment in the life of one aggregate. */
export type AggregateMoment =
  /** After this version; 0 = before the first event. */
  { readonly atVersion: number } | TimeMoment

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
  return happenedBy(moment)
}

/** What a snapshot may hold at most to be used for a moment. */
export function boundsOf(moment: AggregateMoment): Omit<SnapshotBounds, 'fingerprint'> {
  if ('atVersion' in moment) return { maxVersion: moment.atVersion }
  return 'recordedAt' in moment
    ? { maxRecordedAtMs: moment.recordedAt.getTime() }
    : { maxOccurredAtMs: moment.occurredAt.getTime() }
}

const NAMES: ReadonlySet<string> = new Set(['atVersion', 'recordedAt', 'occurredAt'])
