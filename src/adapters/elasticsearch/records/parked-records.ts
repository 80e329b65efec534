import { createHash } from 'node:crypto'
import { globalPosition } from '../../../event-store/global-position.ts'
import type { Build } from '../../../projections/builds/build.ts'
import type {
  LaneChanges,
  ParkedEvent,
  UnparkedEvent,
} from '../../../projections/read-model-storage.ts'
import type { RecordIndex, RecordSource } from './record-index.ts'

const PAGE_EVENTS = 1000

/** An error's text is cut by nobody: a page of long ones is smaller. */
const FIRST_PAGE_EVENTS = 100
const PAGE_CHARACTERS = 4 * 2 ** 20

interface Place {
  readonly build: Build
  readonly lane: number
}

type Parked = Pick<LaneChanges<never>, 'park' | 'unpark'>

/** The records of parked events, each under its build, lane, key and position. */
export class ParkedRecords {
  readonly #records: RecordIndex

  constructor(records: RecordIndex) {
    this.#records = records
  }

  /** Before the lane is written: events that are set aside, and marks on those that are given up. */
  async park(place: Place, { park, unpark }: Parked): Promise<void> {
    const given = new Map(
      unpark
        .filter(({ discarded }) => discarded !== undefined)
        .map((each) => [idOf(place, each), each]),
    )
    const puts = park.map((event) => [idOf(place, event), sourceOf(place, event)] as const)
    const marked = [...(given.size > 0 ? await this.#records.read([...given.keys()]) : [])].map(
      ([id, { source }]) => {
        const event = { ...eventOf(source), discarded: given.get(id)?.discarded }
        return [id, sourceOf(place, event)] as const
      },
    )
    await this.#records.write([...puts, ...marked])
  }

  /** After the lane was written: events that are done with. What is left by a crash is older than what the lane says is parked. */
  async forget(place: Place, { unpark }: Parked): Promise<void> {
    const done = unpark.filter(({ discarded }) => discarded === undefined)
    await this.#records.write(
      [],
      done.map((event) => idOf(place, event)),
    )
  }

  /** In pages, those of a key in the order of their positions. */
  async *read(place: Place, key?: string): AsyncGenerator<readonly ParkedEvent[]> {
    await this.#records.refresh()
    const filter = [...filterOf(place.build), { term: { lane: place.lane } }]
    if (key !== undefined) filter.push({ term: { digest: digestOf(key) } })
    let size = FIRST_PAGE_EVENTS
    for (let after: RecordSource | undefined; ;) {
      const found = await this.#records.search({
        query: { bool: { filter } },
        ...{ size, sort: [{ digest: 'asc' }, { position: 'asc' }] },
        ...(after && { search_after: [after.digest, after.position] }),
      })
      if (found.length === 0) return
      const page = found.map(({ source }) => source)
      yield page.map(eventOf)
      after = page.at(-1)
      const characters = JSON.stringify(page).length / page.length
      size = Math.max(1, Math.min(PAGE_EVENTS, Math.floor(PAGE_CHARACTERS / characters)))
    }
  }

  async removeAll(build: Build): Promise<void> {
    for (;;) {
      await this.#records.refresh()
      const query = { bool: { filter: filterOf(build) } }
      const found = await this.#records.search({ query, size: PAGE_EVENTS, _source: false })
      if (found.length === 0) return
      const ids = found.map(({ id }) => id)
      await this.#records.write([], ids)
    }
  }
}

const filterOf = ({ number }: Build): Record<string, unknown>[] => [
  { term: { kind: 'parked' } },
  { term: { build: number } },
]

/** Keys are of any length, and not all of them are whole characters. */
const digestOf = (key: string): string =>
  createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex').slice(0, 32)

function idOf({ build, lane }: Place, { key, position }: UnparkedEvent | ParkedEvent): string {
  return `parked-${build.number}-${lane}-${digestOf(key)}-${position}`
}

function sourceOf({ build, lane }: Place, event: ParkedEvent): RecordSource {
  const { position, ...record } = event
  return {
    ...{ kind: 'parked', build: build.number, lane, digest: digestOf(event.key) },
    ...{ position: `${position}`, record },
  }
}

function eventOf({ position, record }: RecordSource): ParkedEvent {
  const { key, streamId, version, error, discarded } = record as Omit<ParkedEvent, 'position'>
  const at = { key, position: globalPosition(position ?? '') }
  return { ...at, streamId, version, error, discarded }
}
