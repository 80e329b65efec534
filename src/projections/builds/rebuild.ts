import { EverfoldError } from '../../errors.ts'
import type { Checkpoint } from '../../event-store/checkpoint.ts'
import { globalPosition } from '../../event-store/global-position.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { NO_FOLD, refuseReaction, type ProjectionContext } from '../projection-context.ts'
import type { Projection } from '../projection.ts'
import { leadBuild } from './lead-build.ts'
import { abandon, beginBuild, type BeginOptions, type Succession } from './build-succession.ts'
import { BuildVerificationError } from './build-verification-error.ts'
import { examineBuild, type Difference } from './build-verification.ts'
import type { Build } from './build.ts'
import { FreshFold } from './fresh-fold.ts'
import { refuseIncomplete, switchReaders, type SwitchOptions } from './switch-readers.ts'

export interface RebuildReport {
  readonly projection: string
  readonly readModel: string
  /** The build that was made. */
  readonly build: Build
  /** The build that readers saw before. */
  readonly before: Build
  /** Whether readers see the new build now. False: the switch is manual. */
  readonly isLive: boolean
  /** Where the new build was compared with a fresh fold; undefined: the log is empty. */
  readonly checkpoint: Checkpoint | undefined
  /** How many documents it held there. */
  readonly documents: number
  /** Digest of their keys, positions and contents, whatever their order: 32 hexadecimal digits. */
  readonly digest: string
  /** The build from before held the same documents: the rebuild changed nothing. */
  readonly isIdentical: boolean
  /** Up to ten of the documents that differ; `expected`: in the new build, `found`: in the one from before. */
  readonly differences: readonly Difference[]
  /** Why the build from before could not be compared; undefined: it was. */
  readonly notCompared: string | undefined
  /** Why the new build could not be verified: nothing is known of its documents then; undefined: it was. */
  readonly notVerified: string | undefined
}

export interface RebuildOptions<Document, Event extends RecordedEvent> {
  readonly context: ProjectionContext<Document, Event>
  readonly declared: Omit<Build, 'number'>
  readonly switching: SwitchOptions<Document>
  readonly isManual: boolean
  readonly isWanted: BeginOptions['isWanted']
}

/**
 * Makes a new build beside the live one, verifies it against a fresh fold of the log, and makes readers see it.
 *
 * Interrupted anywhere it is resumed by the next call. Both builds go on meanwhile, moved by all runners that know them; one runner leads.
 *
 * @returns undefined: another runner leads the making of this build, or it is not wanted.
 */
export async function rebuild<Document, Event extends RecordedEvent>(
  options: RebuildOptions<Document, Event>,
): Promise<RebuildReport | undefined> {
  const { context, declared, switching, isWanted } = options
  const { storage, store } = context
  refuseReaction(context)
  const succession = await beginBuild(storage, { store, declared, isWanted })
  if (succession === undefined) return undefined
  await storage.prepare(succession.building)
  return leadBuild(switching, succession.building, async (signal) => {
    const report = await complete({ ...options, switching: { ...switching, signal } }, succession)
    return report ?? (await rebuild(options))
  })
}

/** @returns undefined: what an interrupted rebuild left differs from a fresh fold, perhaps folded by rows that were corrected since; it was dropped. */
async function complete<Document, Event extends RecordedEvent>(
  options: RebuildOptions<Document, Event>,
  succession: Succession,
): Promise<RebuildReport | undefined> {
  const { context, switching, isManual } = options
  const { storage, store, projection } = context
  const { live, building } = succession
  const { signal, catchUp } = switching
  const head = await store.head({ signal })
  await catchUp(building, head?.position ?? globalPosition(0), signal)
  await storage.finish(building)
  const verified =
    context.fold === undefined
      ? unverified(head)
      : await verifyNew({ ...options, projection: context.fold, head }, succession)
  if (verified === undefined) return undefined
  if (!isManual) {
    refuseIncomplete(storage.name, building, await storage.readLanes(building))
    await switchReaders(switching, building)
  }
  return {
    ...{ projection: projection.name, readModel: storage.name, build: building, before: live },
    ...{ isLive: !isManual, ...verified },
  }
}

/** What a rebuild tells of the documents. */
type Verified = Omit<RebuildReport, 'projection' | 'readModel' | 'build' | 'before' | 'isLive'>

function unverified(checkpoint: Checkpoint | undefined): Verified {
  const unknown = { documents: 0, digest: '', isIdentical: false, differences: [] }
  const why = `it ${NO_FOLD}`
  return { checkpoint, ...unknown, notCompared: why, notVerified: why }
}

/** @returns undefined: it differs from a fresh fold, and an interrupted rebuild had begun it; it was dropped. */
async function verifyNew<Document, Event extends RecordedEvent>(
  options: RebuildOptions<Document, Event> & {
    readonly projection: Projection<Document, Event>
    readonly head: Checkpoint | undefined
  },
  { live, building, isResumed }: Succession,
): Promise<Verified | undefined> {
  const { storage, store, onFailure } = options.context
  const { signal } = options.switching
  const { projection, head } = options
  const fold = new FreshFold({ projection, store, onFailure, signal })
  if (head !== undefined) await fold.foldTo(head.position)
  const { checkpoint, digest } = fold
  const documents = fold.documents.size
  const found = await examineBuild(storage, building, { fold, store })
  if (found.length > 0) {
    await abandon(storage, building)
    if (isResumed) return undefined
    throw new BuildVerificationError(storage.name, { build: building.number, differences: found })
  }
  const compared = await compareBefore({ ...options, fold }, { live, building })
  return { checkpoint, documents, digest, ...compared, notVerified: undefined }
}

/** Compares the live build with the same fold, if it is to hold the same documents. */
async function compareBefore<Document, Event extends RecordedEvent>(
  {
    context,
    switching,
    fold,
  }: RebuildOptions<Document, Event> & { readonly fold: FreshFold<Document, Event> },
  { live, building }: Pick<Succession, 'live' | 'building'>,
): Promise<Pick<RebuildReport, 'isIdentical' | 'differences' | 'notCompared'>> {
  const none = { isIdentical: false, differences: [] }
  if (live.version !== building.version)
    return {
      ...none,
      notCompared: `it is of version ${live.version}, the new one of ${building.version}`,
    }
  const { storage, store } = context
  try {
    if (fold.checkpoint !== undefined)
      await switching.catchUp(live, fold.checkpoint.position, switching.signal)
    const differences = await examineBuild(storage, live, { fold, store })
    return { isIdentical: differences.length === 0, differences, notCompared: undefined }
  } catch (error) {
    switching.signal.throwIfAborted()
    if (!EverfoldError.is(error)) throw error
    return { ...none, notCompared: error.message } // what a rebuild is there to mend must not stop it
  }
}
