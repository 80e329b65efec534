import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import type { Folded, KeyedEvent, Setback } from '../folding/fold.ts'
import type { Done, LaneWork, WorkedLane } from '../lanes/lane-work.ts'
import { retryTransient } from '../retry-transient.ts'
import { idempotencyKey } from './idempotency-key.ts'
import { ReactionFailedError } from './reaction-failed-error.ts'
import type { Reaction, ReactionContext } from './reaction.ts'

/** After how long the lane notes what was done, at the next event: what a crash repeats. */
const SLICE_MS = 100

/** Runs a reaction for one event of a lane after the other. */
export class ReactionWork<Event extends RecordedEvent> implements LaneWork<never, Event> {
  readonly isInTurn = true
  readonly parkedAtOnce = 1
  readonly #reaction: Reaction<Event>
  readonly #lane: WorkedLane<never>
  readonly #over: AbortSignal
  /** What the next event failed with: thrown when those before it are committed. */
  #failure: ReactionFailedError | undefined

  constructor(reaction: Reaction<Event>, lane: WorkedLane<never>) {
    this.#reaction = reaction
    this.#lane = lane
    this.#over = AbortSignal.any([lane.lost, lane.stopped])
  }

  async run(events: readonly KeyedEvent<Event>[]): Promise<Done<never, Event>> {
    if (this.#failure !== undefined) throw this.#failure
    const begunAt = performance.now()
    const setbacks: Setback<Event>[] = []
    let count = 0
    while (count < events.length && (count === 0 || performance.now() - begunAt < SLICE_MS)) {
      const parts = partsFrom(events, count)
      const outcome = await this.#runParts(parts)
      if (outcome === 'stopped') break
      if (outcome instanceof ReactionFailedError) {
        if (count === 0) throw outcome
        this.#failure = outcome
        break
      }
      setbacks.push(...outcome)
      count += parts.length
    }
    return { documents: NONE, setbacks, count, isDue: count > 0 }
  }

  /** There are no documents. */
  committed(): void {
    return
  }

  async runParked(key: string, events: readonly Event[]): Promise<Folded<never, Event>> {
    const setbacks: Setback<Event>[] = []
    for (const [part, event] of events.entries()) {
      const outcome = await this.#runFor(event, { key, part })
      if (outcome === 'stopped') this.#lane.stopped.throwIfAborted()
      if (!(outcome instanceof ReactionFailedError)) continue
      setbacks.push({ key, event, error: outcome })
      break
    }
    return { documents: NONE, setbacks }
  }

  /** Runs it for all events of one position, which are done or set back together. */
  async #runParts(
    parts: readonly KeyedEvent<Event>[],
  ): Promise<readonly Setback<Event>[] | ReactionFailedError | 'stopped'> {
    const { setAside, onFailure } = this.#lane.policy
    const setbacks = new Map<string, Setback<Event>>()
    const partsOf = new Map<string, number>()
    for (const { event, keys } of parts)
      for (const key of keys) {
        const part = partsOf.get(key) ?? 0
        partsOf.set(key, part + 1)
        if (setbacks.has(key)) continue
        if (setAside.has(key)) {
          setbacks.set(key, { key, event, error: undefined })
          continue
        }
        const outcome = await this.#runFor(event, { key, part })
        if (outcome === 'stopped') return outcome
        if (outcome === 'done') continue
        if (onFailure === 'stop') return outcome
        setbacks.set(key, { key, event, error: outcome })
      }
    for (const key of setbacks.keys()) setAside.set(key, undefined)
    return [...setbacks.values()]
  }

  /** What is transient is tried again here, while the lane is kept: so all attempts are counted. */
  async #runFor(
    event: Event,
    { key, part }: { readonly key: string; readonly part: number },
  ): Promise<'done' | 'stopped' | ReactionFailedError> {
    const { lost, onRetry } = this.#lane
    const row = this.#rowOf(event)
    const named = idempotencyKey(this.#reaction.name, { id: event.id, key, part })
    let attempt = 0
    let outcome = 'stopped' as 'done' | 'stopped'
    try {
      const run = async (): Promise<void> => {
        attempt++
        await row?.(event, { idempotencyKey: named, attempt, signal: lost })
        outcome = 'done'
      }
      if (!this.#over.aborted)
        await retryTransient(run, { signal: this.#over, onRetry, isTransient })
    } catch (cause) {
      lost.throwIfAborted()
      return new ReactionFailedError(this.#reaction, { event, key }, { cause })
    }
    lost.throwIfAborted()
    return outcome
  }

  #rowOf(event: Event): ((event: Event, context: ReactionContext) => unknown) | undefined {
    const rows = this.#reaction.on as unknown as Readonly<
      Record<string, (event: Event, context: ReactionContext) => unknown>
    >
    return rows[event.type]
  }
}

const NONE: ReadonlyMap<string, never> = new Map<string, never>()

/** The events of one position. */
function partsFrom<Event extends RecordedEvent>(
  events: readonly KeyedEvent<Event>[],
  begin: number,
): readonly KeyedEvent<Event>[] {
  const position = events[begin]?.event.position
  let end = begin + 1
  while (end < events.length && events[end]?.event.position === position) end++
  return events.slice(begin, end)
}

/** Everfold's errors say so; others may be marked the same way. */
function isTransient(error: unknown): error is Error {
  return error instanceof Error && 'retryable' in error && error.retryable === true
}
