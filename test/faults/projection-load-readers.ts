import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { ReadModel } from '../../src/index.ts'
import type { Trail } from './projection-trails.ts'

/** What readers met that they must not meet: a failure, a key that was gone, a document older than before. */
export type Complaint = string

/** Reads all documents again and again until told to end, one way or another. */
export class WatchfulReaders {
  readonly #over = new AbortController()
  readonly #complaints: Complaint[] = []
  readonly #reading: Promise<void>[] = []
  #looks = 0

  /** How often they have read. */
  get looks(): number {
    return this.#looks
  }

  /** By plain SQL from the view. */
  ofView(pool: pg.Pool, view: string): this {
    return this.#read(`view ${view}`, async () => {
      const { rows } = await pool.query<{ key: string; position: string }>(
        `SELECT key, position FROM ${view}`,
      )
      return new Map(rows.map(({ key, position }) => [key, Number(position)]))
    })
  }

  /** By the read model, some keys at a time. */
  of(readModel: ReadModel<Trail>, keys: readonly string[]): this {
    return this.#read(readModel.storage.name, async () => {
      const found = await readModel.getMany(keys)
      return new Map([...found].map(([key, { events }]) => [key, events]))
    })
  }

  /** Ends them, and gives what they complain about. */
  async end(): Promise<readonly Complaint[]> {
    this.#over.abort()
    await Promise.all(this.#reading)
    return this.#complaints
  }

  #read(name: string, look: () => Promise<ReadonlyMap<string, number>>): this {
    this.#reading.push(this.#watch(name, look))
    return this
  }

  async #watch(name: string, look: () => Promise<ReadonlyMap<string, number>>): Promise<void> {
    let before: ReadonlyMap<string, number> = new Map()
    while (!this.#over.signal.aborted) {
      try {
        const now = await look()
        for (const [key, age] of before) {
          const found = now.get(key)
          if (found === undefined) this.#complaints.push(`${name}: ${key} is gone`)
          else if (found < age) this.#complaints.push(`${name}: ${key} fell ${age} -> ${found}`)
        }
        before = now
        this.#looks++
      } catch (error) {
        this.#complaints.push(`${name}: ${String(error)}`)
      }
      await sleep(1)
    }
  }
}
