import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { slowestOf } from '../lanes/lane-record.ts'
import { foldOf, type ProjectionContext } from '../projection-context.ts'
import { buildsOf } from './build-succession.ts'
import { examineBuild, type Difference } from './build-verification.ts'
import type { Build } from './build.ts'
import { FreshFold } from './fresh-fold.ts'

export interface VerificationReport {
  readonly projection: string
  readonly readModel: string
  /** The live build. */
  readonly build: Build
  /** Where it was compared with a fresh fold; undefined: it has not begun. */
  readonly checkpoint: Checkpoint | undefined
  /** How many documents it has to hold there. */
  readonly documents: number
  /** Digest of their keys, positions and contents, whatever their order: 32 hexadecimal digits. */
  readonly digest: string
  /** It is what a fresh fold of the log gives. */
  readonly isIdentical: boolean
  /** Up to ten of the documents that differ; `expected`: by the fresh fold. */
  readonly differences: readonly Difference[]
}

/** Compares the live build with a fresh fold of the log, while it goes on. */
export async function verify<Document, Event extends RecordedEvent>(
  context: ProjectionContext<Document, Event>,
  signal: AbortSignal,
): Promise<VerificationReport> {
  const { projection, storage, store, onFailure } = context
  const documentsOf = foldOf(context)
  const { live } = await buildsOf(storage)
  const slowest = slowestOf((await storage.readLanes(live)).slice(0, live.lanes))
  const fold = new FreshFold({ projection: documentsOf, store, onFailure, signal })
  if (slowest !== undefined) await fold.foldTo(slowest.position)
  const { checkpoint, digest } = fold
  const documents = fold.documents.size
  const differences = await examineBuild(storage, live, { fold, store })
  return {
    ...{ projection: projection.name, readModel: storage.name, build: live, checkpoint, documents },
    ...{ digest, isIdentical: differences.length === 0, differences },
  }
}
