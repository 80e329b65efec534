import type { LaneRecord } from '../../../projections/read-model-storage.ts'
import type { Server } from '../server/server.ts'
import type { FoundSource } from './document-source.ts'
import { keyOf } from './document-source.ts'

/** How often it is noted how far a lane is. */
const NOTES_PER_RETENTION = 60

const MOST_AT_ONCE = 1000

interface Note {
  readonly position: bigint
  readonly atMs: number
}

interface Tombstone extends FoundSource {
  readonly _seq_no: number
  readonly _primary_term: number
}

/**
 * Removes deleted documents of one index once nobody can write what came before their deletion: so long after the lane went beyond it, no bulk from before is
 * under way. Each is removed only as it was found, and not while its key is parked.
 */
export class Tombstones {
  readonly #server: Server
  readonly #index: string
  readonly #retentionMs: number
  /** By lane, the oldest first. */
  readonly #notes = new Map<number, Note[]>()

  constructor(server: Server, index: string, retentionMs: number) {
    this.#server = server
    this.#index = index
    this.#retentionMs = retentionMs
  }

  /** Notes how far a lane is; undefined: it is not yet time to sweep, else what is older than the position may go. */
  note(
    lane: number,
    { checkpoint }: LaneRecord,
    nowMs: number = performance.now(),
  ): bigint | undefined {
    if (checkpoint === undefined) return undefined
    const notes = this.#notes.get(lane) ?? []
    this.#notes.set(lane, notes)
    const last = notes.at(-1)
    if (last !== undefined && nowMs - last.atMs < this.#retentionMs / NOTES_PER_RETENTION)
      return undefined
    notes.push({ position: checkpoint.position, atMs: nowMs })
    const old = notes.filter(({ atMs }) => nowMs - atMs >= this.#retentionMs)
    if (old.length === 0) return undefined
    notes.splice(0, old.length)
    return old.at(-1)?.position
  }

  /** Removes some of the deleted documents of a lane that stand before a position. */
  async sweep(lane: number, before: bigint, { parked }: LaneRecord): Promise<void> {
    const { body } = await this.#server.send({
      ...{ method: 'POST', path: `/${this.#index}/_search`, what: `a search in ${this.#index}` },
      body: {
        query: {
          bool: {
            filter: [
              { term: { 'everfold.lane': lane } },
              { term: { 'everfold.deleted': true } },
              { range: { 'everfold.position': { lt: `${before}` } } },
            ],
          },
        },
        ...{ size: MOST_AT_ONCE, seq_no_primary_term: true, track_total_hits: false },
      },
    })
    const { hits } = (body as { readonly hits: { readonly hits: readonly Tombstone[] } }).hits
    const swept = hits.filter((hit) => !parked.has(keyOf(hit)))
    if (swept.length === 0) return
    await this.#server.send({
      ...{ method: 'POST', path: `/${this.#index}/_bulk`, what: `a sweep of ${this.#index}` },
      query: { filter_path: 'errors' },
      lines: swept
        .map(({ _id, _seq_no, _primary_term }) => ({
          delete: { _id, if_seq_no: _seq_no, if_primary_term: _primary_term },
        }))
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    })
  }
}
