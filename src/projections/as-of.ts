import type { EventReader } from '../event-store/event-reader.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { happenedBy, type TimeMoment } from '../event-store/time-moment.ts'
import { foldLog } from './folding/fold-log.ts'
import type { Projection } from './projection.ts'

/** A moment of the whole log. */
export type LogMoment =
  /** After the event at this position; waits until the log has got there. */
  { readonly position: GlobalPosition } | TimeMoment

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
  checkMoment(moment)
  const range = 'position' in moment ? { until: moment.position } : { counts: happenedBy(moment) }
  const wanted = keys === undefined ? undefined : new Set(keys)
  const documents = await foldLog(projection, { store, ...range, keys: wanted, signal })
  return new Map([...documents].map(([key, { document }]) => [key, document as Document]))
}

function checkMoment(moment: LogMoment): void {
  const given = Object.keys(moment).filter((name) => MOMENTS.has(name))
  if (given.length !== 1)
    throw new TypeError(
      `A moment is one of position, recordedAt and occurredAt; given: ${given.join(', ') || 'none'}.`,
    )
}

const MOMENTS: ReadonlySet<string> = new Set(['position', 'recordedAt', 'occurredAt'])
