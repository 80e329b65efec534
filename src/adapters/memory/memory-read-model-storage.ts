import type { Build, BuildsRecord } from '../../projections/build.ts'
import { BuildNotPreparedError } from '../../projections/build-not-prepared-error.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneRecord,
  LaneStep,
  ReadModelStorage,
} from '../../projections/read-model-storage.ts'
import { MemoryBuild } from './memory-build.ts'

/** Read model storage in the memory of this process. A commit runs in one turn of the event loop: nothing comes in between. */
export class MemoryReadModelStorage<Document> implements ReadModelStorage<Document> {
  readonly name: string
  readonly #builds = new Map<number, MemoryBuild<Document>>()
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

  async readLane(build: Build, lane: number): Promise<LaneRecord> {
    const record = this.#build(build).lane(lane)
    if (record === undefined) throw new BuildNotPreparedError(this.name, build.number)
    return { ...record }
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
    writes: readonly DocumentWrite<Document>[],
  ): Promise<'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }> {
    return this.#build(build).commit(lane, writes)
  }

  async *scan(build: Build): AsyncIterable<readonly DocumentWrite<Document>[]> {
    yield* this.#build(build).scan()
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
  }
}
