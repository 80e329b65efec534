import type { EventReader } from '../event-store/event-reader.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { foldLog } from './fold-log.ts'
import type { Projection } from './projection.ts'

/** A moment of the whole log. */
export type LogMoment =
  /** After the event at this position; waits until the log has got there. */
  | { readonly position: GlobalPosition }
  /** What was known then: the events recorded at or before it. */
  | { readonly recordedAt: Date }
  /** What was true then, as known now: the events that occurred at or before it. */
  | { readonly occurredAt: Date }

export interface AsOfOptions {
  readonly store: EventReader
  /** Only documents under these keys. Default: all. */
  readonly keys?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Folds a projection to a past moment, in memory, on any store: the documents by key as they were then.
 *
 * Events are filtered first and then folded in the order of the log. Reads the whole log up to that moment (all of it for `recordedAt` and `occurredAt`);
 * memory grows with the documents, so name `keys` where there are many.
 *
 * ```ts
 * const balances = await asOf(accountBalances, { occurredAt: new Date('1993-12-31T23:59:59.999Z') }, { store })
 * ```
 */
export async function asOf<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  moment: LogMoment,
  { store, keys, signal }: AsOfOptions,
): Promise<ReadonlyMap<string, Document>> {
  const until = 'position' in moment ? moment.position : undefined
  const counts = timeTest(moment)
  const wanted = keys === undefined ? undefined : new Set(keys)
  const documents = await foldLog(projection, { store, until, counts, keys: wanted, signal })
  return new Map([...documents].map(([key, { document }]) => [key, document as Document]))
}

function timeTest(moment: LogMoment): ((event: RecordedEvent) => boolean) | undefined {
  if ('position' in moment) return undefined
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
