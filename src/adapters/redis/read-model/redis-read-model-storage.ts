import { setTimeout as sleep } from 'node:timers/promises'
import type { Build, BuildsRecord } from '../../../projections/builds/build.ts'
import { KeptBuilds } from '../../../projections/builds/kept-builds.ts'
import { laneOf } from '../../../projections/lanes/lane-of.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneChanges,
  LaneRecord,
  LaneStep,
  Member,
  ParkedEvent,
  ReadModelStorage,
} from '../../../projections/read-model-storage.ts'
import type { RedisConnection } from '../client/redis-connection.ts'
import { BEAT, WRITE_BUILDS } from '../scripts/builds.ts'
import { COMMIT } from '../scripts/commit.ts'
import { DROP_LANE } from '../scripts/drop.ts'
import { READ_LANES } from '../scripts/read.ts'
import { BuildIndexesError } from './build-indexes-error.ts'
import { buildsFields, buildsRecord } from './builds-fields.ts'
import { commitArguments } from './commit-arguments.ts'
import type { DocumentIndexes } from './document-indexes.ts'
import { isKey } from './document-key.ts'
import { dropLane, type IndexNames } from './drop-lane.ts'
import type { KeyLayout } from './key-layout.ts'
import { readDocuments, scanDocuments } from './lane-documents.ts'
import { LANE_FIELDS, laneRecord } from './lane-fields.ts'
import { readParked } from './parked-pages.ts'
import { prepareLanes } from './prepare-lanes.ts'
import { StoredLane } from './stored-lane.ts'

/** A write that takes longer than its owner's lease is of no use. */
const SHARE_OF_LEASE = 0.8

/** Nor is a server that is silent for so long, in milliseconds, whatever the lease. */
const LONGEST_WRITE_MS = 60_000

/** One commit holds the server up for as long as it takes: about so many characters of documents. */
const COMMIT_CHARACTERS = 4 * 2 ** 20

/** From here on a script takes other clients' time without doing more in a second. */
const FILL_PAGE_SIZE = 2000

export interface RedisStorageOptions<Document> {
  readonly layout: KeyLayout
  readonly indexes: DocumentIndexes<Document>
  /** How long the documents of a dropped build stay for readers that do not know it yet, in milliseconds. */
  readonly dropGraceMs: number
  /** Looks at the server once, before the first build is prepared. */
  readonly check: () => Promise<void>
}

/** Read model storage in Redis: a hash per document, and one per lane in the same slot of a cluster. */
export class RedisReadModelStorage<Document> implements ReadModelStorage<Document> {
  readonly sink: object
  readonly name: string
  readonly commitCharacters: number = COMMIT_CHARACTERS
  readonly fillPageSize: number = FILL_PAGE_SIZE
  readonly builds: KeptBuilds
  readonly #connection: RedisConnection
  readonly #options: RedisStorageOptions<Document>
  /** Builds whose indexes were found to be ours. */
  readonly #opened = new Set<number>()

  constructor(connection: RedisConnection, options: RedisStorageOptions<Document>) {
    this.sink = connection.client
    this.name = options.layout.prefix
    this.builds = new KeptBuilds(() => this.#readBuilds())
    this.#connection = connection
    this.#options = options
  }

  async prepare(build: Build): Promise<void> {
    await this.#options.check()
    const { layout, indexes } = this.#options
    await prepareLanes(this.#connection, build, {
      ...{ layout, indexes: indexes.description },
      readBuilds: () => this.readBuilds(),
    })
    await this.#open(build)
  }

  /** Readers need nothing more. */
  async finish(build: Build): Promise<void> {
    await this.#open(build)
  }

  async readLane(build: Build, lane: number): Promise<LaneRecord> {
    const { lane: key } = this.#options.layout.lane(build, lane)
    const values = await this.#connection.run(['HMGET', key, ...LANE_FIELDS], { key })
    return this.#recordOf(build, lane, values)
  }

  /** Of a cluster, each as it is when its master is asked: they may lie on several. */
  async readLanes(build: Build): Promise<readonly LaneRecord[]> {
    const numbers = Array.from({ length: build.lanes + 1 }, (_, number) => number)
    if (this.#connection.isCluster)
      return Promise.all(numbers.map((number) => this.readLane(build, number)))
    const keys = this.#options.layout.lanes(build).map(({ lane }) => lane)
    const lanes = await this.#connection.runScript(READ_LANES, keys, LANE_FIELDS)
    return Promise.all(
      (lanes as readonly unknown[]).map((values, lane) => this.#recordOf(build, lane, values)),
    )
  }

  async writeLane(build: Build, lane: LaneStep): Promise<boolean> {
    return (await this.#write(build, lane, NO_CHANGES)) === 1
  }

  async load(
    build: Build,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, DocumentAt<Document>>> {
    await this.#open(build)
    const lanes = byLane(keys, build.lanes)
    const found = new Map<string, DocumentAt<Document>>()
    const loads = [...lanes].map(async ([number, own]) => {
      for await (const page of readDocuments<Document>(this.lane(build, number), own))
        for (const { key, ...document } of page) found.set(key, document)
    })
    await Promise.all(loads)
    return found
  }

  async commit(
    build: Build,
    lane: LaneStep,
    changes: LaneChanges<Document>,
  ): Promise<'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }> {
    await this.#open(build)
    const outcome = await this.#write(build, lane, changes)
    if (outcome === -1) throw await this.lane(build, lane.number).missing()
    if (typeof outcome === 'object') return outcome
    return outcome === 1 ? 'committed' : 'superseded'
  }

  async *scan(build: Build): AsyncIterable<readonly DocumentWrite<Document>[]> {
    await this.#open(build)
    for (let number = 0; number < build.lanes; number++)
      yield* scanDocuments<Document>(this.lane(build, number))
  }

  async *readParked(
    build: Build,
    lane: number,
    key?: string,
  ): AsyncIterable<readonly ParkedEvent[]> {
    yield* readParked(this.lane(build, lane), key)
  }

  async readBuilds(): Promise<BuildsRecord | undefined> {
    return this.builds.now()
  }

  async writeBuilds(previous: BuildsRecord | undefined, next: BuildsRecord): Promise<boolean> {
    const { builds: key } = this.#options.layout
    const args = [previous?.revision ?? '', ...buildsFields(next)]
    try {
      return (await this.#connection.runScript(WRITE_BUILDS, [key], args)) === 1
    } finally {
      this.builds.forget()
    }
  }

  /** The builds record itself is what readers from outside see. */
  async publish(build: Build): Promise<void> {
    await this.#open(build)
  }

  async drop(build: Build): Promise<void> {
    this.#opened.delete(build.number)
    const marked = await Promise.all(
      this.#options.layout.lanes(build).map(async (keys) => {
        const reply = await this.#connection.runScript(DROP_LANE, [keys.lane], [])
        const [agoMs, names] = reply as readonly [number, string]
        return { keys, agoMs, names: { ...NO_INDEXES, ...(JSON.parse(names) as IndexNames) } }
      }),
    )
    const newest = Math.min(...marked.map(({ agoMs }) => agoMs))
    if (newest < this.#options.dropGraceMs) await sleep(this.#options.dropGraceMs - newest)
    for (const { keys, names } of marked) await dropLane(this.#connection, keys, names)
  }

  async beat(member: Member): Promise<readonly Member[]> {
    const { members } = this.#options.layout
    const args = [member.runner, JSON.stringify(member)]
    const records = await this.#connection.runScript(BEAT, [members], args)
    return (records as readonly string[]).map((record) => JSON.parse(record) as Member)
  }

  async leave(runner: string): Promise<void> {
    const { members: key } = this.#options.layout
    await this.#connection.run(['HDEL', key, runner], { key })
  }

  /** A lane, as readers of its sorted sets and sets need it. */
  lane(build: Build, number: number): StoredLane {
    const place = { readModel: this.name, build }
    return new StoredLane(this.#connection, this.#options.layout.lane(build, number), place)
  }

  async #write(
    build: Build,
    step: LaneStep,
    changes: LaneChanges<Document>,
  ): Promise<number | { readonly refused: ReadonlyMap<string, Error> }> {
    const lane = this.lane(build, step.number)
    const prepared = commitArguments(lane.keys, this.#options.indexes, { step, changes })
    if ('refused' in prepared) return prepared
    const { leaseMs } = step.next
    const leftMs = Math.min(Math.ceil(leaseMs * SHARE_OF_LEASE), LONGEST_WRITE_MS)
    const timeoutMs = leaseMs > 0 ? leftMs : undefined
    const { keys, args } = prepared
    const reply = await this.#connection.runScript(COMMIT, keys, args, timeoutMs)
    return lane.checked(reply) as number
  }

  async #readBuilds(): Promise<BuildsRecord | undefined> {
    const { builds: key } = this.#options.layout
    const values = await this.#connection.run(['HMGET', key, 'revision', 'record'], { key })
    return buildsRecord(values as readonly (string | null)[])
  }

  async #recordOf(build: Build, number: number, values: unknown): Promise<LaneRecord> {
    const record = laneRecord(values as readonly unknown[])
    if (record === undefined) throw await this.lane(build, number).missing()
    return record
  }

  /** Other sorted sets or sets would be kept for some of the documents only: they are compared once per build and process. */
  async #open(build: Build): Promise<void> {
    if (this.#opened.has(build.number)) return
    const { layout, indexes } = this.#options
    const { lane: key } = layout.lane(build, build.lanes)
    const found = await this.#connection.run(['HMGET', key, 'indexes', 'revision'], { key })
    const [kept, revision] = found as readonly (string | null)[]
    if (typeof revision !== 'string') throw await this.lane(build, build.lanes).missing()
    const declared = indexes.description
    if (kept !== declared)
      throw new BuildIndexesError(this.name, {
        build: build.number,
        ...{ found: kept ?? '', declared },
      })
    this.#opened.add(build.number)
  }
}

const NO_INDEXES: IndexNames = { sortedSets: [], sets: [] }
const NO_CHANGES: LaneChanges<never> = { writes: [], park: [], unpark: [] }

/** Keys under which there can be a document, each once. */
function byLane(keys: readonly string[], lanes: number): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>()
  for (const key of new Set(keys))
    if (isKey(key)) {
      const lane = laneOf(key, lanes)
      const own = found.get(lane)
      if (own === undefined) found.set(lane, [key])
      else own.push(key)
    }
  return found
}
