import { BuildNotPreparedError } from '../../../projections/builds/build-not-prepared-error.ts'
import type { Build } from '../../../projections/builds/build.ts'
import { DocumentLoader } from '../documents/document-loader.ts'
import { Tombstones } from '../documents/tombstones.ts'
import type { BuildRecord, BuildRecords, IndexIdentity } from '../records/build-records.ts'
import { ElasticsearchRefusedError } from '../server/elasticsearch-refused-error.ts'
import type { Server } from '../server/server.ts'
import type { BuildIndex } from './build-index.ts'
import { IndexReplacedError } from './index-replaced-error.ts'

/** How long an index that was found to be the one that was made is taken for it. */
const CHECKED_MS = 10_000

/** A build whose index is made. */
export interface PreparedBuild {
  readonly record: BuildRecord & { readonly identity: IndexIdentity }
  readonly loader: DocumentLoader
  readonly tombstones: Tombstones
}

interface PreparedBuildsOptions {
  readonly server: Server
  readonly records: BuildRecords
  readonly index: BuildIndex
  readonly name: string
  readonly tombstoneRetentionMs: number
}

/** The builds that this process uses. */
export class PreparedBuilds {
  readonly #options: PreparedBuildsOptions
  readonly #builds = new Map<number, PreparedBuild>()
  readonly #checkedAtMs = new Map<number, number>()

  constructor(options: PreparedBuildsOptions) {
    this.#options = options
  }

  /**
   * Uses a build as it is. When something is not there, what happened to the build is looked at.
   *
   * @throws {BuildNotPreparedError} it was dropped, or never prepared.
   * @throws {IndexReplacedError} its index is not the one that was made.
   */
  async use<Result>(
    build: Build,
    work: (prepared: PreparedBuild) => Promise<Result>,
  ): Promise<Result> {
    const prepared = this.#builds.get(build.number) ?? (await this.#open(build))
    try {
      return await work(prepared)
    } catch (error) {
      this.#checkedAtMs.delete(build.number)
      if (error instanceof ElasticsearchRefusedError && error.status === 404) {
        this.forget(build)
        await this.#options.index.check((await this.#open(build)).record)
      }
      throw error
    }
  }

  /** The same for what writes: its index is looked at first, unless it was just now. */
  async useChecked<Result>(
    build: Build,
    work: (prepared: PreparedBuild) => Promise<Result>,
  ): Promise<Result> {
    const checkedAtMs = this.#checkedAtMs.get(build.number) ?? -Infinity
    if (performance.now() - checkedAtMs > CHECKED_MS) await this.check(build)
    return this.use(build, work)
  }

  /** @throws {IndexReplacedError} its index is not the one that was made. */
  async check(build: Build): Promise<void> {
    const { record } = await this.#open(build)
    await this.#options.index.check(record)
    this.#checkedAtMs.set(build.number, performance.now())
  }

  forget({ number }: Build): void {
    this.#builds.delete(number)
    this.#checkedAtMs.delete(number)
  }

  /** The record is read again: a build that was dropped is told from one whose index is gone. */
  async #open(build: Build): Promise<PreparedBuild> {
    const { server, records, name, tombstoneRetentionMs } = this.#options
    const record = await records.read(build).catch((error: unknown) => {
      if (error instanceof BuildNotPreparedError) this.forget(build)
      throw error
    })
    const known = this.#builds.get(build.number)
    if (known !== undefined) {
      if (known.record.lineage === record.lineage) return known
      throw new IndexReplacedError(name, `has another build ${build.number}`)
    }
    const { index } = record
    const prepared = {
      record,
      loader: new DocumentLoader(server, index),
      tombstones: new Tombstones(server, index, tombstoneRetentionMs),
    }
    this.#builds.set(build.number, prepared)
    return prepared
  }
}
