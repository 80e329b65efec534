import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import type { KurrentResolvedEvent } from '../client/kurrent-client.ts'
import { checkpointOf, eventOf } from '../events/stored.ts'
import type { KurrentReader } from './kurrent-reader.ts'

/** How many records the first look back takes; each further one takes more, as far as the server has written its own events in between. */
const FIRST_LOOK = 4
const GROWTH = 32

/** Finds the last event of the log that can be ours: the server's own events, e.g. its statistics, stand among them and after them. */
export class LogHead {
  readonly #reader: KurrentReader
  /** The last record of any kind at the last look, and the head then: another look ends there. */
  #known: KnownHead | undefined

  constructor(reader: KurrentReader) {
    this.#reader = reader
  }

  async find(): Promise<Checkpoint | undefined> {
    for (let maxCount = FIRST_LOOK; ; maxCount *= GROWTH) {
      const look = new Look(this.#known)
      const end = { from: 'end', direction: 'backwards', maxCount } as const
      await this.#reader.log(end, (resolved) => look.at(resolved))
      if (!look.isOver && look.records === maxCount) continue
      if (look.last !== undefined) this.#known = { record: look.last, head: look.head }
      return look.head
    }
  }
}

interface KnownHead {
  readonly record: Checkpoint
  readonly head: Checkpoint | undefined
}

class Look {
  records = 0
  last: Checkpoint | undefined
  head: Checkpoint | undefined
  isOver = false
  readonly #known: KnownHead | undefined

  constructor(known: KnownHead | undefined) {
    this.#known = known
  }

  at(resolved: KurrentResolvedEvent): boolean {
    this.records++
    const record = resolved.event
    if (record !== undefined && resolved.link === undefined) {
      const place = checkpointOf(record)
      this.last ??= place
      if (eventOf(resolved) !== undefined) this.#end(place)
      else if (this.#isKnown(place)) this.#end(this.#known?.head)
    }
    return !this.isOver
  }

  #end(head: Checkpoint | undefined): void {
    this.head = head
    this.isOver = true
  }

  #isKnown({ position, eventId }: Checkpoint): boolean {
    const { record } = this.#known ?? {}
    return record?.position === position && record.eventId === eventId
  }
}
