import { BuildNotPreparedError } from '../../../projections/builds/build-not-prepared-error.ts'
import type { Build } from '../../../projections/builds/build.ts'
import type { BuildRecords } from '../records/build-records.ts'
import type { LaneRecords } from '../records/lane-records.ts'
import type { ParkedRecords } from '../records/parked-records.ts'
import { digestOfMappings, type BuildIndex, type IndexMappings } from './build-index.ts'
import { BuildMappingsError } from './build-mappings-error.ts'
import type { PreparedBuilds } from './prepared-builds.ts'
import type { ReadAlias } from './read-alias.ts'

interface BuildMakerOptions {
  readonly name: string
  readonly mappings: IndexMappings
  readonly records: BuildRecords
  readonly lanes: LaneRecords
  readonly parked: ParkedRecords
  readonly index: BuildIndex
  readonly alias: ReadAlias
  readonly builds: PreparedBuilds
}

/** Makes, shows and drops builds: each step can be done again, by whoever finds it undone. */
export class BuildMaker {
  readonly #options: BuildMakerOptions

  constructor(options: BuildMakerOptions) {
    this.#options = options
  }

  /** The name first, then the index and the lanes, then what shows that they are made: so what was made once is never made again. */
  async prepare(build: Build): Promise<void> {
    const { records, lanes, index, alias, mappings } = this.#options
    await this.#requireKnown(build)
    await alias.shown()
    const digest = digestOfMappings(mappings)
    if ((await records.find(build)) === undefined) await records.begin(build, digest)
    const found = await records.find(build)
    if (found === undefined) throw this.#notPrepared(build)
    const { record } = found
    if (record.mappings !== digest) throw new BuildMappingsError(this.#options.name, build.number)
    if (record.identity !== undefined) return
    await index.make(build, record)
    const identity = await index.identifyNew(record.index)
    await lanes.create(build)
    await records.made(build, found, identity)
    try {
      await this.#requireKnown(build)
    } catch (error) {
      await this.drop(build) // it was dropped while this was slow
      throw error
    }
  }

  /** Whoever slept since he read what is live finds the alias changed, and looks again. */
  async publish(build: Build): Promise<void> {
    const { records, builds, alias, index } = this.#options
    await builds.use(build, async ({ record }) => {
      for (;;) {
        const known = await records.readBuilds()
        if (known?.live.number !== build.number) return
        const shown = await alias.shown()
        if (shown.length === 1 && shown[0] === record.index) return
        await index.refresh(record.index) // else searches would go back in time
        await alias.show(record.index, shown)
      }
    })
  }

  /** Lanes first: nobody moves them then. The record last: who finds it finishes this. */
  async drop(build: Build): Promise<void> {
    const { records, lanes, parked, index, builds } = this.#options
    const found = await records.find(build)
    if (found === undefined) return
    await lanes.remove(build)
    await index.remove(found.record.index)
    await parked.removeAll(build)
    await records.remove(build)
    builds.forget(build)
  }

  async #requireKnown(build: Build): Promise<void> {
    const { live, building, previous } = (await this.#options.records.readBuilds()) ?? {}
    if (![live, building, previous].some((known) => known?.number === build.number))
      throw this.#notPrepared(build)
  }

  #notPrepared({ number }: Build): BuildNotPreparedError {
    return new BuildNotPreparedError(this.#options.name, number)
  }
}
