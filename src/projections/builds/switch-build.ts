import { randomUUID } from 'node:crypto'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { selfOf } from '../lanes/catch-up.ts'
import { makersOf } from '../lanes/membership.ts'
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
    await refuseUnmoved(context, target)
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

/** Nobody but runners of its version can bring a build up to where the live one is. */
async function refuseUnmoved<Document, Event extends RecordedEvent>(
  context: ProjectionContext<Document, Event>,
  target: Build,
): Promise<void> {
  const { storage } = context
  const self = { ...selfOf(context), revision: randomUUID() }
  const asking = { ...self, runner: `${self.runner} (asks)`, version: 0, fingerprint: '' } // one that moves no lanes: others would leave it its share
  const members = await storage.beat(asking)
  await storage.leave(asking.runner)
  if (makersOf([self, ...members], target).length > 0) return
  throw new SwitchRefusedError(
    { readModel: storage.name, build: target.number },
    `no runner moves build ${target.number}: start code of version ${target.version}, or switch with { force: true }: readers then go back in time.`,
  )
}
