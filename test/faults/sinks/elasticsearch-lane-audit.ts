import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@elastic/elasticsearch'

const PAUSE_MS = 20

interface SeenLane {
  readonly epoch: number
  readonly owner?: string
  readonly position: bigint
}

/** Looks at all lanes again and again: each of the rules holds between any two looks, however many steps lie between them. */
export class ElasticsearchLaneAudit {
  readonly #client: Client
  readonly #index: string
  readonly #over = new AbortController()
  readonly #seen = new Map<string, SeenLane>()
  readonly #stolen: string[] = []
  #watching: Promise<void> | undefined

  constructor(client: Client, index: string) {
    this.#client = client
    this.#index = index
  }

  begin(): void {
    this.#watching = this.#watch()
  }

  /** Steps that went back, or brought a lane to somebody who had not claimed it, or were made in a lane that nobody had. */
  stolen(): readonly string[] {
    return this.#stolen
  }

  async end(): Promise<void> {
    this.#over.abort()
    await this.#watching
  }

  async #watch(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#look()
      await sleep(PAUSE_MS)
    }
  }

  async #look(): Promise<void> {
    const ids = [1, 2, 3, 4, 5, 6].flatMap((build) =>
      [0, 1, 2, 3].map((lane) => `lane-${build}-${lane}`),
    )
    const { docs } = await this.#client.mget<StoredLane>({ index: this.#index, ids })
    for (const found of docs)
      if ('_source' in found && found.found) this.#compare(found._id, found._source)
  }

  #compare(id: string, { record }: StoredLane): void {
    const { epoch, owner, checkpoint } = record
    const lane = { epoch, owner, position: BigInt(checkpoint?.position ?? 0) } as SeenLane
    const before = this.#seen.get(id)
    this.#seen.set(id, lane)
    if (before === undefined) return
    const isSameEpoch = epoch === before.epoch
    const isWrong =
      epoch < before.epoch ||
      lane.position < before.position ||
      (isSameEpoch && owner !== undefined && owner !== before.owner) ||
      (isSameEpoch && before.owner === undefined && lane.position !== before.position)
    if (isWrong) this.#stolen.push(`${id}: ${textOf(before)}, then ${textOf(lane)}`)
  }
}

interface StoredLane {
  readonly record: {
    readonly epoch: number
    readonly owner?: string
    readonly checkpoint?: { readonly position: string }
  }
}

const textOf = ({ epoch, owner, position }: SeenLane): string =>
  `epoch ${epoch}, owner ${owner ?? 'none'}, position ${position}`
