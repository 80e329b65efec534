import type { EventStore } from '../../event-store/event-store.ts'
import type { GlobalPosition } from '../../event-store/global-position.ts'
import { HeldLanes } from '../lanes/held-lanes.ts'
import { LaneTakenError } from '../lanes/lane-taken-error.ts'
import type { LaneRecord, ReadModelStorage } from '../read-model-storage.ts'
import { isRetryable, retryTransient, unlessTransient } from '../retry-transient.ts'
import { buildsOf, dropLeftOvers, succeed } from './build-succession.ts'
import type { Build } from './build.ts'
import { SwitchRefusedError } from './switch-refused-error.ts'

/** How long the live build is kept from moving, at most, until the other one has caught up with it. Then it goes on, and the switch is tried again. */
const HOLD_MS = 10_000

export interface SwitchOptions<Document> {
  readonly storage: ReadModelStorage<Document>
  readonly store: EventStore
  /** Names who holds the lanes: nobody that moves any. */
  readonly holder: string
  readonly leaseMs: number
  readonly signal: AbortSignal
  readonly onRetry: (error: Error, pauseMs: number) => void
  /** Moves all lanes of a build up to a position, together with others who do. */
  readonly catchUp: (build: Build, until: GlobalPosition, signal: AbortSignal) => Promise<void>
}

/**
 * Makes readers see another build: the one that is being made, or the previous one.
 *
 * No reader goes back in time: all lanes of the live build are held until every lane of the other one is at or past the furthest of them, and until readers from
 * outside see it, too. Whoever takes a held lane changes the builds record first, which the switch compares.
 */
export async function switchReaders<Document>(
  options: SwitchOptions<Document>,
  target: Build,
): Promise<void> {
  const { storage, store, signal, catchUp } = options
  for (;;) {
    const head = await store.head({ signal })
    if (head !== undefined) await catchUp(target, head.position, signal)
    signal.throwIfAborted()
    if (await switchHeld(options, target)) break
  }
  await dropLeftOvers(storage)
}

/** @returns false: somebody disturbed it, or it took too long. */
async function switchHeld<Document>(
  options: SwitchOptions<Document>,
  target: Build,
): Promise<boolean> {
  const { storage, store, holder, leaseMs, signal, catchUp } = options
  const builds = await buildsOf(storage) // before lanes are held: whoever takes one from us changes the record first
  const { live, building, previous } = builds
  if (live.number === target.number) return true
  if (![building, previous].some((known) => known?.number === target.number))
    throw new SwitchRefusedError(
      { readModel: storage.name, build: target.number },
      `build ${target.number} was dropped meanwhile.`,
    )
  const numbers = Array.from({ length: live.lanes }, (_, number) => number)
  const held = await HeldLanes.hold(
    { storage, build: live, owner: holder, leaseMs },
    numbers,
  ).catch(unlessTransient)
  if (held === undefined) return false
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort(new DOMException(`not caught up within ${HOLD_MS} ms`, 'TimeoutError'))
  }, HOLD_MS)
  try {
    const furthest = await held.furthest()
    const within = AbortSignal.any([signal, held.lost, late.signal])
    // A place that the log does not contain was lost with it: there is nothing to catch up with.
    if (furthest !== undefined && (await store.contains(furthest)))
      await catchUp(target, furthest.position, within)
    if (within.aborted || !(await succeed(storage, target, builds))) return await giveBack(held)
  } catch (error) {
    // Readers were switched, perhaps, and the reply was lost: whoever takes the lanes then publishes first.
    if (isRetryable(error)) await held.abandon()
    else await held.release()
    signal.throwIfAborted()
    if (held.lost.aborted || late.signal.aborted || error instanceof LaneTakenError) return false
    throw error
  } finally {
    clearTimeout(timer)
  }
  await show(options, target, held)
  return true
}

async function giveBack<Document>(held: HeldLanes<Document>): Promise<false> {
  await held.release()
  return false
}

/** The previous build stays held until readers from outside see the new one: else they would go back in time then. */
async function show<Document>(
  { storage, signal, onRetry }: SwitchOptions<Document>,
  target: Build,
  held: HeldLanes<Document>,
): Promise<void> {
  try {
    await retryTransient(() => storage.publish(target), { signal, onRetry })
    signal.throwIfAborted()
  } catch (error) {
    await held.abandon() // whoever takes the lanes then publishes first
    throw error
  }
  await held.release()
}

/** @throws {SwitchRefusedError} a build lacks documents: keys are parked, or lanes are stopped. */
export function refuseIncomplete(
  readModel: string,
  build: Build,
  lanes: readonly LaneRecord[],
): void {
  const parked = lanes.reduce((sum, lane) => sum + lane.parked.size, 0)
  const stalled = lanes.find(({ stall }) => stall !== undefined)
  const refused = { readModel, build: build.number }
  if (parked > 0)
    throw new SwitchRefusedError(
      refused,
      `${parked} keys of build ${build.number} are parked. Correct the projection and retry them, or switch with { force: true }.`,
    )
  if (stalled?.stall !== undefined)
    throw new SwitchRefusedError(
      refused,
      `a lane of build ${build.number} is stopped: ${stalled.stall.message}`,
    )
}
