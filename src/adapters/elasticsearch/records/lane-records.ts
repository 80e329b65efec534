import { BuildNotPreparedError } from '../../../projections/builds/build-not-prepared-error.ts'
import type { Build } from '../../../projections/builds/build.ts'
import { newLaneRecord } from '../../../projections/lanes/lane-record.ts'
import type { LaneRecord, LaneStep } from '../../../projections/read-model-storage.ts'
import { laneFrom, laneSource } from './lane-source.ts'
import { SharedRead } from './shared-read.ts'
import type { RecordIndex, RecordSource, RecordToken, StoredRecord } from './record-index.ts'

/** A write that takes longer than its owner's lease is of no use. */
const SHARE_OF_LEASE = 0.8

/** How often records are read one after the other, before a search reads them at one moment. */
const COLLECTIONS = 3

interface KnownLane extends RecordToken {
  readonly revision: string
  readonly epoch: number
  /** When it was written here; undefined: it was only read. */
  readonly writtenAt: { readonly monotonicMs: number; readonly wallMs: number } | undefined
}

/** The records of lanes: each is replaced by compare-and-set. */
export class LaneRecords {
  readonly #records: RecordIndex
  readonly #known = new Map<string, KnownLane>()
  /** What the last reading found: a next one that finds the same found what stood when it began. */
  readonly #lastRead = new Map<number, readonly StoredRecord[]>()
  readonly #reading = new Map<number, SharedRead<readonly StoredRecord[]>>()

  constructor(records: RecordIndex) {
    this.#records = records
  }

  async create(build: Build): Promise<void> {
    for (let lane = 0; lane <= build.lanes; lane++)
      await this.#records.create(idOf(build, lane), sourceOf(build, lane, newLaneRecord()))
  }

  async remove(build: Build): Promise<void> {
    const ids = Array.from({ length: build.lanes + 1 }, (_, lane) => idOf(build, lane))
    await this.#records.write([], ids)
    for (const id of ids) this.#known.delete(id)
  }

  async read(build: Build, lane: number): Promise<LaneRecord> {
    const id = idOf(build, lane)
    const stored = lane <= build.lanes ? await this.#records.readOne(id) : undefined
    if (stored === undefined) throw this.#notPrepared(build)
    return this.#learn(id, stored)
  }

  /** As they were at one moment. Those who wait for a lane ask all at once, and again and again: they share readings. */
  async readAll(build: Build): Promise<readonly LaneRecord[]> {
    const shared =
      this.#reading.get(build.number) ?? new SharedRead(() => this.#readAllStored(build))
    this.#reading.set(build.number, shared)
    const stored = await shared.ask()
    return stored.map((each, lane) => this.#learn(idOf(build, lane), each))
  }

  /** When two readings, one after the other, find the same records, all of them stood so in between. */
  async #readAllStored(build: Build): Promise<readonly StoredRecord[]> {
    const ids = Array.from({ length: build.lanes + 1 }, (_, lane) => idOf(build, lane))
    let before = this.#lastRead.get(build.number) ?? []
    for (let collection = 0; collection <= COLLECTIONS; collection++) {
      const found = await this.#records.read(ids)
      const stored = ids.flatMap((id) => found.get(id) ?? [])
      if (stored.length < ids.length) throw this.#notPrepared(build)
      this.#lastRead.set(build.number, stored)
      if (isSame(before, stored)) return stored
      before = stored
    }
    return this.#searchAll(build)
  }

  /** @returns undefined: it has no record. */
  async write(build: Build, { number, previous, next }: LaneStep): Promise<boolean | undefined> {
    const id = idOf(build, number)
    let known = this.#known.get(id)
    if (known?.revision !== previous.revision) {
      const stored = await this.#records.readOne(id)
      if (stored === undefined) return undefined
      if (this.#learn(id, stored).revision !== previous.revision) return false
      known = this.#known.get(id)
    }
    if (known === undefined) return false
    const timeoutMs = next.leaseMs > 0 ? Math.ceil(next.leaseMs * SHARE_OF_LEASE) : undefined
    const source = sourceOf(build, number, next)
    const written = await this.#records.replace(id, known, source, timeoutMs)
    if (written === undefined) {
      this.#known.delete(id)
      return (await this.#records.readOne(id)) === undefined ? undefined : false
    }
    const writtenAt = { monotonicMs: performance.now(), wallMs: Date.now() }
    this.#known.set(id, { ...written, revision: next.revision, epoch: next.epoch, writtenAt })
    return true
  }

  /**
   * How long ago this process wrote the lane, by the clock that tells more; Infinity: the record known last is not one that it wrote.
   *
   * @param record the revision that it has to be, or the claim that it has to be of.
   */
  writtenMsAgo(
    build: Build,
    number: number,
    record: Pick<LaneRecord, 'revision'> | Pick<LaneRecord, 'epoch'>,
  ): number {
    const known = this.#known.get(idOf(build, number))
    if (known?.writtenAt === undefined) return Infinity
    const isSame =
      'revision' in record ? known.revision === record.revision : known.epoch === record.epoch
    if (!isSame) return Infinity
    const { writtenAt } = known
    // A process that slept with its machine sees it by one of the two.
    return Math.max(
      performance.now() - writtenAt.monotonicMs,
      Math.abs(Date.now() - writtenAt.wallMs),
    )
  }

  async #searchAll(build: Build): Promise<readonly StoredRecord[]> {
    await this.#records.refresh()
    const filter = [{ term: { kind: 'lane' } }, { term: { build: build.number } }]
    const found = await this.#records.search({
      query: { bool: { filter } },
      size: build.lanes + 1,
      ...{ sort: [{ lane: 'asc' }], seq_no_primary_term: true },
    })
    if (found.length <= build.lanes) throw this.#notPrepared(build)
    return found
  }

  #learn(id: string, { source, seqNo, primaryTerm }: StoredRecord): LaneRecord {
    const lane = laneFrom(source.record)
    const { revision, epoch } = lane
    if (seqNo > (this.#known.get(id)?.seqNo ?? -1))
      this.#known.set(id, { seqNo, primaryTerm, revision, epoch, writtenAt: undefined })
    return lane
  }

  #notPrepared({ number }: Build): BuildNotPreparedError {
    return new BuildNotPreparedError(this.#records.names.alias, number)
  }
}

const idOf = ({ number }: Build, lane: number): string => `lane-${number}-${lane}`

const sourceOf = (build: Build, lane: number, record: LaneRecord): RecordSource => ({
  ...{ kind: 'lane', build: build.number, lane },
  record: laneSource(record),
})

function isSame(before: readonly StoredRecord[], now: readonly StoredRecord[]): boolean {
  return before.length > 0 && before.every(({ seqNo }, index) => seqNo === now[index]?.seqNo)
}
