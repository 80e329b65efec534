import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { Build, BuildsRecord } from '../../projections/builds/build.ts'
import { KeptBuilds } from '../../projections/builds/kept-builds.ts'
import type {
  ClaimedLane,
  DocumentAt,
  DocumentChanges,
  DocumentWrite,
  LaneChanges,
  LaneRecord,
  LaneStep,
  Member,
  ParkedEvent,
  ReadModelStorage,
} from '../../projections/read-model-storage.ts'
import { BuildIndex, type IndexDeclaration } from './builds/build-index.ts'
import { BuildMaker } from './builds/build-maker.ts'
import { IndexNames } from './builds/index-names.ts'
import { PreparedBuilds } from './builds/prepared-builds.ts'
import { ReadAlias } from './builds/read-alias.ts'
import { BuildCommit } from './documents/build-commit.ts'
import { scanDocuments } from './documents/scan-documents.ts'
import { BuildRecords } from './records/build-records.ts'
import { LaneRecords } from './records/lane-records.ts'
import { MemberRecords } from './records/member-records.ts'
import { ParkedRecords } from './records/parked-records.ts'
import { RecordIndex } from './records/record-index.ts'
import type { ElasticsearchClient } from './server/elasticsearch-client.ts'
import { Server } from './server/server.ts'

export interface ElasticsearchReadModelStorageOptions extends IndexDeclaration {
  readonly client: ElasticsearchClient
  readonly index: string
  readonly tombstoneRetentionMs: number
}

/** As many documents as make bulks fast: from here on they get no faster. */
const FILL_PAGE_SIZE = 5000

/** Read model storage in indices: one per build, an alias of the user's name that shows the live one, and one of records. */
export class ElasticsearchReadModelStorage<Document> implements ReadModelStorage<Document> {
  readonly sink: object
  readonly name: string
  readonly fillPageSize: number = FILL_PAGE_SIZE
  readonly builds: KeptBuilds
  readonly #prepared: PreparedBuilds
  readonly #index: BuildIndex
  readonly #maker: BuildMaker
  readonly #alias: ReadAlias
  readonly #commit: BuildCommit<Document>
  readonly #server: Server
  readonly #buildRecords: BuildRecords
  readonly #lanes: LaneRecords
  readonly #members: MemberRecords
  readonly #parked: ParkedRecords

  constructor(options: ElasticsearchReadModelStorageOptions) {
    const { client, index, mappings, tombstoneRetentionMs } = options
    const names = new IndexNames(index)
    const server = new Server(client)
    const records = new RecordIndex(server, names)
    this.sink = client
    this.name = names.alias
    this.#server = server
    this.#buildRecords = new BuildRecords(records)
    this.builds = new KeptBuilds(() => this.#buildRecords.readBuilds())
    this.#lanes = new LaneRecords(records)
    this.#members = new MemberRecords(records)
    this.#parked = new ParkedRecords(records)
    this.#alias = new ReadAlias(server, names)
    this.#index = new BuildIndex(server, options)
    this.#prepared = new PreparedBuilds({
      ...{ server, records: this.#buildRecords, index: this.#index },
      ...{ name: this.name, tombstoneRetentionMs },
    })
    const parts = { lanes: this.#lanes, parked: this.#parked, builds: this.#prepared }
    this.#maker = new BuildMaker({
      ...{ ...parts, records: this.#buildRecords, index: this.#index, alias: this.#alias },
      ...{ name: this.name, mappings },
    })
    this.#commit = new BuildCommit(server, parts)
  }

  async prepare(build: Build): Promise<void> {
    await this.#maker.prepare(build)
  }

  async finish(build: Build): Promise<void> {
    await this.#prepared.use(build, ({ record }) => this.#index.finish(record.index))
  }

  async readLane(build: Build, lane: number): Promise<LaneRecord> {
    return this.#lanes.read(build, lane)
  }

  async readLanes(build: Build): Promise<readonly LaneRecord[]> {
    return this.#lanes.readAll(build)
  }

  /** Before a lane is claimed to be moved its index is looked at. */
  async writeLane(build: Build, step: LaneStep): Promise<boolean> {
    const { number, previous, next } = step
    const isClaim = next.epoch > previous.epoch && !next.isHeld && number < build.lanes
    if (isClaim) {
      await this.#prepared.check(build)
      await this.#prepared.use(build, async ({ loader }) => {
        loader.forget(number)
      })
    }
    return (await this.#lanes.write(build, step)) ?? false
  }

  async load(
    build: Build,
    keys: readonly string[],
    lane?: number,
  ): Promise<ReadonlyMap<string, DocumentAt<Document>>> {
    return this.#prepared.use(build, ({ loader }) => loader.load(keys, lane))
  }

  async ahead(build: Build, lane: number, record: LaneRecord): Promise<readonly Checkpoint[]> {
    return this.#prepared.use(build, ({ loader }) => loader.ahead(lane, record))
  }

  async commit(
    build: Build,
    lane: LaneStep,
    changes: LaneChanges<Document>,
  ): Promise<'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }> {
    return this.#commit.run(build, lane, changes)
  }

  async writeAhead(
    build: Build,
    lane: ClaimedLane,
    changes: DocumentChanges<Document>,
  ): Promise<void> {
    await this.#commit.writeAhead(build, lane, changes)
  }

  async *scan(build: Build): AsyncIterable<readonly DocumentWrite<Document>[]> {
    const index = await this.#prepared.use(build, async ({ record }) => {
      await this.#index.refresh(record.index)
      return record.index
    })
    yield* scanDocuments<Document>(this.#server, index)
  }

  async *readParked(
    build: Build,
    lane: number,
    key?: string,
  ): AsyncIterable<readonly ParkedEvent[]> {
    yield* this.#parked.read({ build, lane }, key)
    await this.#buildRecords.read(build)
  }

  async readBuilds(): Promise<BuildsRecord | undefined> {
    return this.builds.now()
  }

  async writeBuilds(previous: BuildsRecord | undefined, next: BuildsRecord): Promise<boolean> {
    try {
      return await this.#buildRecords.writeBuilds(previous, next)
    } finally {
      this.builds.forget()
    }
  }

  async publish(build: Build): Promise<void> {
    await this.#maker.publish(build)
  }

  async drop(build: Build): Promise<void> {
    this.#commit.forget(build)
    await this.#maker.drop(build)
  }

  async beat(member: Member): Promise<readonly Member[]> {
    return this.#members.beat(member)
  }

  async leave(runner: string): Promise<void> {
    await this.#members.leave(runner)
  }

  /** Makes searches see what is in a build now, by the alias if it is the live one. */
  async refresh(build: Build): Promise<void> {
    await this.#prepared.use(build, ({ record }) => this.#index.refresh(record.index))
  }
}
