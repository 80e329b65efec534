import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { StoreRewoundError } from '../../event-store/store-rewound-error.ts'
import { keyEvents } from '../folding/fold.ts'
import type { LaneChanges, LaneRequest, ParkedEvent } from '../read-model-storage.ts'
import type { LaneOptions } from './lane-options.ts'
import type { LaneWork } from './lane-work.ts'
import { RefusedDocuments } from './lane-writer.ts'
import { whileBeating, type BeatenLane } from './while-beating.ts'

interface Answering<Document, Event extends RecordedEvent>
  extends LaneOptions<Document, Event>, BeatenLane<Document> {
  readonly work: LaneWork<Document, Event>
}

/**
 * Folds the parked events of a key, in order, until one fails. The first one is given up if the request names it; if it names another one, e.g. because it
 * comes twice, nothing is done. The request goes with the last commit.
 *
 * Only records from the key's first parked position to the checkpoint count: others are leftovers of sinks that are not atomic.
 */
export async function answerRequest<Document, Event extends RecordedEvent>(
  answering: Answering<Document, Event>,
  request: LaneRequest,
): Promise<void> {
  const { storage, build, number, writer, work } = answering
  const { key, discard } = request
  const first = writer.lane.parked.get(key)
  const last = writer.lane.checkpoint?.position
  // Looked up each time: others ask meanwhile.
  const others = () => writer.lane.requests.filter(({ id }) => id !== request.id)
  const isOvertaken = discard !== undefined && discard.position !== first
  if (first === undefined || last === undefined || isOvertaken)
    return writer.write({ requests: others() })
  if (discard !== undefined) {
    const unpark = [{ key, position: discard.position, discarded: discard.reason }]
    await writer.write({}, { writes: [], park: [], unpark }) // after a crash it is given up again, and no other one
  }
  for await (const page of storage.readParked(build, number, key)) {
    const events = page.filter(
      ({ position, discarded }) => discarded === undefined && position >= first && position <= last,
    )
    for (let at = 0; at < events.length; at += work.parkedAtOnce) {
      const some = events.slice(at, at + work.parkedAtOnce)
      const failed = await doParked(answering, key, some)
      if (failed === undefined) continue
      const parked = new Map(writer.lane.parked).set(key, failed.position)
      const changes = { writes: [], park: [failed], unpark: [] }
      return writer.write({ parked, requests: others() }, changes)
    }
  }
  const parked = new Map(writer.lane.parked)
  parked.delete(key)
  await writer.write({ parked, requests: others() })
}

/** @returns the event that failed, with its error: those before it are folded, it and those after it are not. */
async function doParked<Document, Event extends RecordedEvent>(
  answering: Answering<Document, Event>,
  key: string,
  parked: readonly ParkedEvent[],
): Promise<ParkedEvent | undefined> {
  const { writer, work } = answering
  const events: Event[] = []
  for (const each of parked) events.push(...(await readAgain(answering, each)))
  const { documents, setbacks } = await whileBeating(answering, () => work.runParked(key, events))
  const [setback] = setbacks
  const failed = parked.find(({ position }) => position === setback?.event.position)
  const unpark = parked
    .filter(({ position }) => failed === undefined || position < failed.position)
    .map(({ position }) => ({ key, position, discarded: undefined }))
  const changes: LaneChanges<Document> = { writes: [...documents.values()], park: [], unpark }
  try {
    if (unpark.length > 0) await writer.write({}, changes)
  } catch (error) {
    if (!(error instanceof RefusedDocuments)) throw error
    return doOneByOne(answering, key, { parked, refusal: error })
  }
  return failed && { ...failed, error: setback?.error?.message }
}

/** Which event made a document that the sink refuses shows when each is committed alone. */
async function doOneByOne<Document, Event extends RecordedEvent>(
  answering: Answering<Document, Event>,
  key: string,
  {
    parked,
    refusal,
  }: { readonly parked: readonly ParkedEvent[]; readonly refusal: RefusedDocuments },
): Promise<ParkedEvent | undefined> {
  const [only, second] = parked
  if (only !== undefined && second === undefined)
    return { ...only, error: refusal.documents.get(key)?.message ?? refusal.message }
  for (const each of parked) {
    const failed = await doParked(answering, key, [each])
    if (failed !== undefined) return failed
  }
  return undefined
}

async function readAgain<Document, Event extends RecordedEvent>(
  { store, filter, projection }: Answering<Document, Event>,
  { key, streamId, version, position }: ParkedEvent,
): Promise<readonly Event[]> {
  const range = { fromVersion: version, toVersion: version }
  const found: Event[] = []
  for await (const { events } of store.readStream(streamId, range))
    for (const event of events)
      if (event.position === position && filter.accepts(event)) found.push(event)
  if (found.length === 0)
    throw new StoreRewoundError({ position, eventId: `${streamId}@${version}` }, await store.head())
  const own = keyEvents(projection, found).filter(({ keys }) => keys.includes(key))
  return own.length > 0 ? own.map(({ event }) => event) : found
}
