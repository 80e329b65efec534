import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EventReader } from '../../event-store/event-reader.ts'
import { buildsOf, replaceLive } from '../builds/build-succession.ts'
import type { Build, BuildsRecord } from '../builds/build.ts'
import { leadBuild } from '../builds/lead-build.ts'
import type { SwitchOptions } from '../builds/switch-readers.ts'
import { holdLane } from '../lanes/held-lanes.ts'
import { releaseLane, writeLane } from '../lanes/lane-claim.ts'
import { slowestOf } from '../lanes/lane-record.ts'
import type { LaneRecord, ReadModelStorage } from '../read-model-storage.ts'
import type { ReactionStart } from './reaction.ts'

/** How long a runner waits before it looks again whether another one has taken over. */
const LOOK_MS = 20

/**
 * Decides where a reaction begins, once, before any lane of it is claimed: whoever comes first writes it into the record without keys, and whoever finds it
 * there hands it on to lanes that lack it.
 */
export async function decideStart<Document>(
  { storage, store }: { readonly storage: ReadModelStorage<Document>; readonly store: EventReader },
  build: Build,
  startAt: ReactionStart,
): Promise<void> {
  for (;;) {
    const lanes = await storage.readLanes(build)
    const lead = lanes[build.lanes]
    if (lead === undefined) return
    if (isUntouched(lead)) {
      const checkpoint = await startOf(store, startAt)
      await replace({ ...lead, checkpoint, epoch: 1 }, build.lanes, lead)
      continue
    }
    const { checkpoint } = lead
    if (checkpoint === undefined) return
    const lacking = lanes.slice(0, build.lanes).map((lane) => isUntouched(lane) && lane)
    if (lacking.every((lane) => lane === false)) return
    for (const [number, lane] of lacking.entries())
      if (lane !== false) await replace({ ...lane, checkpoint, epoch: 1 }, number, lane)
  }

  async function replace(next: LaneRecord, number: number, previous: LaneRecord): Promise<void> {
    const written = { ...next, revision: randomUUID() }
    await writeLane({ storage, build, number }, previous, written) // by somebody else: the same
  }
}

/**
 * Makes the checkpoints that code of a lower version has left those of this code. Nobody moves a lane while that is done; where there are several, all begin at the
 * slowest: an event may have another lane under another key function.
 *
 * Waits for another runner that is about to do the same, or died at it, unless the signal is aborted.
 */
export async function takeOver<Document>(
  switching: SwitchOptions<Document>,
  declared: Omit<Build, 'number'>,
): Promise<BuildsRecord> {
  const { storage, signal } = switching
  for (;;) {
    signal.throwIfAborted()
    const builds = await buildsOf(storage)
    if (builds.live.version >= declared.version) return builds
    const led = await leadBuild(switching, builds.live, async () => {
      await takeLanes(switching, declared)
      return true
    })
    if (led === undefined) await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function takeLanes<Document>(
  { storage, holder, leaseMs }: SwitchOptions<Document>,
  { version, fingerprint }: Omit<Build, 'number'>,
): Promise<void> {
  const builds = await buildsOf(storage) // before lanes are held: whoever takes one from us changes the record first
  const { live } = builds
  if (live.version >= version) return
  const claim = { storage, build: live, owner: holder, leaseMs }
  const held: LaneRecord[] = []
  for (let number = 0; number < live.lanes; number++)
    held.push(await holdLane({ ...claim, number }))
  const checkpoint = slowestOf(held)
  const aligned = held.map((lane) => ({ ...lane, checkpoint, revision: randomUUID() }))
  let isAligned = true
  for (const [number, lane] of held.entries())
    isAligned &&= await writeLane({ ...claim, number }, lane, aligned[number] ?? lane)
  if (isAligned) await replaceLive(storage, builds, { ...live, version, fingerprint })
  for (const [number, lane] of aligned.entries()) await releaseLane({ ...claim, number }, lane)
}

async function startOf(
  store: EventReader,
  startAt: ReactionStart,
): Promise<LaneRecord['checkpoint']> {
  if (startAt === 'beginning') return undefined
  return startAt === 'end' ? store.head() : startAt.after
}

/** Nobody has claimed it yet, or given it a place to begin. */
function isUntouched({ epoch }: LaneRecord): boolean {
  return epoch === 0
}
