import type { RecordedEvent } from './recorded-event.ts'

/** A moment in time, by one of two clocks. */
export type TimeMoment =
  /** What was known then: the events recorded at or before it. */
  | { readonly recordedAt: Date }
  /** What was true then, as known now: the events that occurred at or before it. */
  | { readonly occurredAt: Date }

/**
 * Gives the test that an event passes when it belongs to a moment in time.
 *
 * @throws {TypeError} the date is invalid.
 */
export function happenedBy(moment: TimeMoment): (event: RecordedEvent) => boolean {
  const [clock, date] =
    'recordedAt' in moment
      ? (['recordedAt', moment.recordedAt] as const)
      : (['occurredAt', moment.occurredAt] as const)
  if (Number.isNaN(date.getTime()))
    throw new TypeError(
      `${clock} is an invalid Date. Pass a valid one, in UTC: a calendar day ends at 23:59:59.999Z.`,
    )
  return (event) => event[clock] <= date
}
