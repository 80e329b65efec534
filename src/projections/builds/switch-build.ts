import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { selfOf } from '../lanes/catch-up.ts'
import { makersOf, Membership } from '../lanes/membership.ts'
import type { ProjectionContext } from '../projection-context.ts'
import { buildsOf } from './build-succession.ts'
import type { Build } from './build.ts'
import { leadBuild } from './lead-build.ts'
import { refuseIncomplete, switchReaders, type SwitchOptions } from './switch-readers.ts'
import { SwitchRefusedError } from './switch-refused-error.ts'

export interface SwitchReport {
  readonly projection: string
  readonly readModel: string
  /** The build that readers see now. */
  readonly live: Build
  /** The build that they saw before. */
  readonly previous: Build
}

export interface SwitchChoice {
  readonly to: 'building' | 'previous'
  /** Also to a build that lacks documents. */
  readonly isForced: boolean
}

/**
 * Makes readers see the build that is being made, or the one from before.
 *
 * @throws {SwitchRefusedError} there is none, it lacks documents, or no runner moves it.
 */
export async function switchBuild<Document, Event extends RecordedEvent>(
  context: ProjectionContext<Document, Event>,
  switching: SwitchOptions<Document>,
  { to, isForced }: SwitchChoice,
): Promise<SwitchReport> {
  const { storage, projection } = context
  const builds = await buildsOf(storage)
  const { live } = builds
  const target = builds[to]
  if (target === undefined)
    throw new SwitchRefusedError(
      { readModel: storage.name, build: undefined },
      to === 'building'
        ? 'no build is being made. Call rebuild() first.'
        : 'there is none from before.',
    )
  if (!isForced) {
    refuseIncomplete(storage.name, target, await storage.readLanes(target))
    await refuseUnmoved(context, target, switching.signal)
  }
  const catchUp = isForced ? async (): Promise<void> => undefined : switching.catchUp
  const done = await leadBuild(switching, target, async (signal) => {
    await switchReaders({ ...switching, signal, catchUp }, target)
    return true
  })
  if (done === undefined)
    throw new SwitchRefusedError(
      { readModel: storage.name, build: target.number },
      `another runner is at work on build ${target.number}.`,
    )
  return { projection: projection.name, readModel: storage.name, live: target, previous: live }
}

/** Nobody but runners of its version can bring a build up to where the live one is. One whose record is there may have died: its beats tell. */
async function refuseUnmoved<Document, Event extends RecordedEvent>(
  context: ProjectionContext<Document, Event>,
  target: Build,
  signal: AbortSignal,
): Promise<void> {
  const { storage, runner, leaseMs } = context
  const self = selfOf(context)
  if (makersOf([{ ...self, revision: '' }], target).length > 0) return
  // It moves no lanes, so that others leave it no share.
  const asker = { ...self, runner: `${runner} (asks)`, version: 0, fingerprint: '' }
  const asking = new Membership(storage, asker)
  try {
    const before = makersOf(await asking.beat(), target)
    for (let makers = before; makers.length > 0; makers = makersOf(await asking.beat(), target)) {
      const known = new Set(before.map(({ revision }) => revision))
      if (makers.some(({ revision }) => !known.has(revision))) return
      await sleep(leaseMs / 10, undefined, { signal })
    }
  } finally {
    await asking.leave()
  }
  throw new SwitchRefusedError(
    { readModel: storage.name, build: target.number },
    `no runner moves build ${target.number}: start code of version ${target.version}, or switch with { force: true }: readers then go back in time.`,
  )
}
