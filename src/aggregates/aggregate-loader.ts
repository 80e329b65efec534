import type { EventDefinitions, RecordedOf } from '../event-store/event-catalog.ts'
import type { EventReader, StreamPage } from '../event-store/event-reader.ts'
import { isVersion } from '../event-store/expected-version.ts'
import { InvalidVersionError } from '../event-store/invalid-version-error.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import type { StreamId } from '../event-store/stream-id.ts'
import type { Snapshots } from '../snapshots/snapshots.ts'
import { foldingOf, type Aggregate } from './aggregate.ts'
import { belongsTo, boundsOf, type AggregateMoment } from './moment.ts'
import { StateFold } from './state-fold.ts'
import { VersionNotReachedError } from './version-not-reached-error.ts'

interface LoadOptions {
  readonly moment?: AggregateMoment | undefined
  readonly signal: AbortSignal | undefined
}

interface HistoryOptions {
  readonly fromVersion: number
  readonly toVersion: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Folds streams into states, from the nearest snapshot that can be used. */
export class AggregateLoader {
  readonly #store: Pick<EventReader, 'readStream'>
  readonly #snapshots: Snapshots | undefined

  constructor(store: Pick<EventReader, 'readStream'>, snapshots: Snapshots | undefined) {
    this.#store = store
    this.#snapshots = snapshots
  }

  /** @throws {VersionNotReachedError} the moment is a version beyond the stream's last event. */
  async load<State, Commands, D extends EventDefinitions>(
    aggregate: Aggregate<State, Commands, D>,
    stream: StreamId,
    { moment, signal }: LoadOptions,
  ): Promise<StateFold<State>> {
    const belongs = moment === undefined ? undefined : belongsTo(moment)
    const bounds = moment === undefined ? {} : boundsOf(moment)
    const { maxVersion: toVersion } = bounds
    const { fold, pages } = await this.#begin(aggregate, stream, { ...bounds, toVersion, signal })
    const keepsTimes = this.#snapshots !== undefined && moment === undefined
    for await (const page of pages) {
      fold.streamVersion = page.version
      for (const event of page.events)
        if (belongs?.(event) !== false) {
          fold.add(event)
          if (keepsTimes) fold.addTimes(event)
        }
    }
    if (toVersion !== undefined && toVersion > fold.streamVersion)
      throw new VersionNotReachedError(stream, { asked: toVersion, actual: fold.streamVersion })
    return fold
  }

  async *history<State, Commands, D extends EventDefinitions>(
    aggregate: Aggregate<State, Commands, D>,
    stream: StreamId,
    { fromVersion, toVersion, signal }: HistoryOptions,
  ): AsyncGenerator<{ readonly state: State; readonly event: RecordedOf<D> }> {
    checkBound('fromVersion', fromVersion)
    if (toVersion !== undefined) checkBound('toVersion', toVersion)
    if (toVersion !== undefined && fromVersion > toVersion) return
    const maxVersion = Math.max(0, fromVersion - 1)
    const { fold, pages } = await this.#begin(aggregate, stream, { maxVersion, toVersion, signal })
    for await (const { events } of pages)
      for (const event of events) {
        fold.add(event)
        if (event.version >= fromVersion) yield { state: fold.state, event: event as RecordedOf<D> }
      }
  }

  /** Finds the snapshot to begin with, and the events after it. */
  async #begin<State, Commands, D extends EventDefinitions>(
    aggregate: Aggregate<State, Commands, D>,
    stream: StreamId,
    { toVersion, signal, ...bounds }: BeginOptions,
  ): Promise<Begun<State>> {
    let { maxVersion } = bounds
    let hasUseless = false
    while (this.#snapshots !== undefined && maxVersion !== 0) {
      const search = await this.#snapshots.find(aggregate, stream, {
        ...bounds,
        maxVersion,
        signal,
      })
      hasUseless ||= search.hasUseless
      const { restored } = search
      if (restored === undefined) break
      const { version, eventId } = restored.snapshot
      const pages = this.#store.readStream(stream, { fromVersion: version, toVersion, signal })
      const iterator = pages[Symbol.asyncIterator]()
      const first = await iterator.next()
      const page: StreamPage = first.done === true ? NOTHING : first.value
      const [anchor] = page.events
      if (anchor?.version === version && anchor.id === eventId) {
        this.#snapshots.used()
        const fold = new StateFold(foldingOf(aggregate), stream, restored)
        fold.hasUselessSnapshot = hasUseless
        const rest = { version: page.version, events: page.events.filter(isAfter(version)) }
        return { fold, pages: joined(rest, iterator) }
      }
      await iterator.return?.()
      const actual = anchor?.version === version ? anchor.id : undefined
      this.#snapshots.discard(restored.snapshot, { version: page.version, eventId: actual })
      hasUseless = true
      maxVersion = version - 1
    }
    const fold = new StateFold(foldingOf(aggregate), stream)
    fold.hasUselessSnapshot = hasUseless
    return { fold, pages: this.#store.readStream(stream, { toVersion, signal }) }
  }
}

interface BeginOptions {
  readonly toVersion: number | undefined
  readonly signal: AbortSignal | undefined
  readonly maxVersion?: number | undefined
  readonly maxRecordedAtMs?: number | undefined
  readonly maxOccurredAtMs?: number | undefined
}

interface Begun<State> {
  readonly fold: StateFold<State>
  readonly pages: AsyncIterable<StreamPage>
}

const NOTHING: StreamPage = { events: [], version: 0 }

const isAfter =
  (version: number) =>
  (event: RecordedEvent): boolean =>
    event.version > version

async function* joined(
  first: StreamPage,
  rest: AsyncIterator<StreamPage>,
): AsyncGenerator<StreamPage> {
  try {
    yield first
    for (let next = await rest.next(); next.done !== true; next = await rest.next())
      yield next.value
  } finally {
    await rest.return?.()
  }
}

function checkBound(option: string, version: number): void {
  if (!isVersion(version))
    throw new InvalidVersionError(option, version, 'a whole number: versions count from 1')
}
