import type { EventReader } from '../../event-store/event-reader.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import type { DocumentAt, ReadModelStorage } from '../read-model-storage.ts'
import type { Build } from './build.ts'
import type { FreshFold } from './fresh-fold.ts'

/** A document that is not what it should be; undefined: there is none. */
export interface Difference {
  readonly key: string
  readonly expected: unknown
  readonly found: unknown
}

const SAMPLE_SIZE = 10

/** Documents that may have changed since the place of the fold are looked at together, so many at a time. */
const DOUBTS = 10_000

/**
 * Compares every document of a build, and its position, with a fresh fold of the log. The build may move on meanwhile; it has to be at the place of the fold,
 * or beyond. Keys with parked events are left out, those with events that were given up, too: what their documents are depends on who folded them again.
 *
 * @returns up to ten of the documents that differ; none: the build is what it should be.
 */
export async function examineBuild<Document, Event extends RecordedEvent>(
  storage: ReadModelStorage<Document>,
  build: Build,
  { fold, store }: { readonly fold: FreshFold<Document, Event>; readonly store: EventReader },
): Promise<readonly Difference[]> {
  const differences: Difference[] = []
  const doubts = new Map<string, DocumentAt<Document> | undefined>()
  const parked = await parkedIn(storage, build)
  const settle = async (): Promise<void> => {
    for (const key of await parkedIn(storage, build)) parked.add(key)
    const head = await store.head() // whatever was found was folded by then
    if (head !== undefined) await fold.foldOn(head.position)
    for (const [key, found] of doubts)
      if (!parked.has(key) && !fold.allows(key, found))
        differences.push({
          key,
          expected: fold.documents.get(key)?.document,
          found: found?.document,
        })
    differences.splice(SAMPLE_SIZE)
    doubts.clear()
  }
  const missing = new Set(fold.documents.keys())
  for await (const page of storage.scan(build))
    for (const { key, document, position } of page) {
      missing.delete(key)
      const found = { document, position }
      if (!fold.allows(key, found)) doubts.set(key, found)
      if (doubts.size >= DOUBTS) await settle()
      if (differences.length === SAMPLE_SIZE) return differences
    }
  for (const key of missing) doubts.set(key, undefined)
  await settle()
  return differences
}

async function parkedIn<Document>(
  storage: ReadModelStorage<Document>,
  build: Build,
): Promise<Set<string>> {
  const keys = new Set<string>()
  for (let lane = 0; lane < build.lanes; lane++)
    for await (const page of storage.readParked(build, lane))
      for (const { key } of page) keys.add(key)
  return keys
}
