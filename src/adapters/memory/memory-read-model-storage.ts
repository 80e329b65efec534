import type { Build, BuildsRecord } from '../../projections/builds/build.ts'
import { BuildNotPreparedError } from '../../projections/builds/build-not-prepared-error.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneChanges,
  LaneRecord,
  LaneStep,
  Member,
  ParkedEvent,
  ReadModelStorage,
} from '../../projections/read-model-storage.ts'
import { MemoryBuild } from './memory-build.ts'

/** Read model storage in the memory of this process. A commit runs in one turn of the event loop: nothing comes in between. */
export class MemoryReadModelStorage<Document> implements ReadModelStorage<Document> {
  readonly name: string
  readonly #builds = new Map<number, MemoryBuild<Document>>()
  readonly #members = new Map<string, Member>()
  #record: BuildsRecord | undefined

  constructor({ name = 'memory' }: { readonly name?: string | undefined } = {}) {
    this.name = name
  }

  /** Each is a sink of its own: two read models in memory may have one name. */
  get sink(): object {
    return this
  }

  async prepare(build: Build): Promise<void> {
    const { live, building, previous } = this.#record ?? {}
    if (![live, building, previous].some((known) => known?.number === build.number))
      throw new BuildNotPreparedError(this.name, build.number)
    if (!this.#builds.has(build.number))
      this.#builds.set(build.number, new MemoryBuild(build.lanes))
  }

  /** Readers need nothing more. */
  async finish(build: Build): Promise<void> {
    this.#build(build)
  }

  async readLane(build: Build, lane: number): Promise<LaneRecord> {
    const record = this.#build(build).lane(lane)
    if (record === undefined) throw new BuildNotPreparedError(this.name, build.number)
    return record
  }

  async readLanes(build: Build): Promise<readonly LaneRecord[]> {
    return this.#build(build).lanes()
  }

  async writeLane(build: Build, lane: LaneStep): Promise<boolean> {
    return this.#builds.get(build.number)?.moveLane(lane) ?? false
  }

  async load(
    build: Build,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, DocumentAt<Document>>> {
    return this.#build(build).load(keys)
  }

  async commit(
    build: Build,
    lane: LaneStep,
    changes: LaneChanges<Document>,
  ): Promise<'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }> {
    return this.#build(build).commit(lane, changes)
  }

  async *scan(build: Build): AsyncIterable<readonly DocumentWrite<Document>[]> {
    yield* this.#build(build).scan()
  }

  async *readParked(
    build: Build,
    lane: number,
    key?: string,
  ): AsyncIterable<readonly ParkedEvent[]> {
    yield* this.#build(build).readParked(lane, key)
  }

  async readBuilds(): Promise<BuildsRecord | undefined> {
    return this.#record && copy(this.#record)
  }

  async writeBuilds(previous: BuildsRecord | undefined, next: BuildsRecord): Promise<boolean> {
    if (this.#record?.revision !== previous?.revision) return false
    this.#record = copy(next)
    return true
  }

  /** Nobody reads it from outside. */
  async publish(build: Build): Promise<void> {
    this.#build(build)
  }

  async drop(build: Build): Promise<void> {
    this.#builds.delete(build.number)
  }

  async beat(member: Member): Promise<readonly Member[]> {
    this.#members.set(member.runner, { ...member })
    return [...this.#members.values()].map((each) => ({ ...each }))
  }

  async leave(runner: string): Promise<void> {
    this.#members.delete(runner)
  }

  #build({ number }: Build): MemoryBuild<Document> {
    const build = this.#builds.get(number)
    if (build === undefined) throw new BuildNotPreparedError(this.name, number)
    return build
  }
}

function copy({ live, building, previous, ...record }: BuildsRecord): BuildsRecord {
  return {
    ...record,
    live: { ...live },
    building: building && { ...building },
    previous: previous && { ...previous },
    dropping: record.dropping.map((build) => ({ ...build })),
    rolledBack: [...record.rolledBack],
  }
}
