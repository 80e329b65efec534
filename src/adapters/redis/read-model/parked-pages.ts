import type { ParkedEvent } from '../../../projections/read-model-storage.ts'
import { READ_PARKED } from '../scripts/read.ts'
import { parkedEvent, parkedRange } from './parked-fields.ts'
import type { StoredLane } from './stored-lane.ts'

const PAGE_EVENTS = '1000'
const PAGE_BYTES = String(4 * 2 ** 20)

/** Reads the parked events of a lane in pages, of one key or of all: those of a key in the order of their positions. */
export async function* readParked(
  lane: StoredLane,
  key: string | undefined,
): AsyncGenerator<readonly ParkedEvent[]> {
  const { parked, parkedEvents, parkedDiscarded } = lane.keys
  const [begin, end] = parkedRange(key)
  for (let from = begin; ;) {
    const args = [from, end, PAGE_EVENTS, PAGE_BYTES]
    const reply = await lane.run(READ_PARKED, [parked, parkedEvents, parkedDiscarded], args)
    const values = reply as readonly (string | null)[]
    const page: ParkedEvent[] = []
    let last = ''
    for (let index = 0; index < values.length; index += 3) {
      const [member, event, reason] = values.slice(index, index + 3)
      last = member ?? ''
      page.push(parkedEvent(last, [event ?? '', reason ?? null]))
    }
    if (page.length === 0) return
    yield page
    from = `(${last}`
  }
}
