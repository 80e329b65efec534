import { randomUUID } from 'node:crypto'
import { BuildNotPreparedError } from '../../../projections/builds/build-not-prepared-error.ts'
import type { Build, BuildsRecord } from '../../../projections/builds/build.ts'
import { IndexReplacedError } from '../builds/index-replaced-error.ts'
import { SharedRead } from './shared-read.ts'
import type { RecordIndex, RecordToken, StoredRecord } from './record-index.ts'

const BUILDS = 'builds'

/** What is recorded of a build's index. */
export interface BuildRecord {
  readonly index: string
  /** The alias through which it is written. */
  readonly alias: string
  /** Random; stands in the index's name and in its mappings. */
  readonly lineage: string
  /** Digest of the declared mappings. */
  readonly mappings: string
  /** What tells the index from another one of its name; undefined: it is not made yet. */
  readonly identity: IndexIdentity | undefined
}

/** An index that is made again has another UUID, one that is restored another history of a shard. */
export interface IndexIdentity {
  readonly uuid: string
  /** Of the primary of each shard, in order. */
  readonly histories: readonly string[]
}

/** The record of all builds, and a record of each. */
export class BuildRecords {
  readonly #records: RecordIndex
  readonly #reading: SharedRead<StoredRecord | undefined>

  constructor(records: RecordIndex) {
    this.#records = records
    this.#reading = new SharedRead(() => records.readOne(BUILDS))
  }

  /** @throws {IndexReplacedError} there are builds, and no record of them: it was deleted. */
  async readBuilds(): Promise<BuildsRecord | undefined> {
    const stored = await this.#reading.ask()
    if (stored === undefined) return this.#nothing()
    const record = JSON.parse(JSON.stringify(stored.source.record)) as BuildsRecord
    const { building, previous, ...builds } = record
    return { ...builds, building, previous }
  }

  async writeBuilds(previous: BuildsRecord | undefined, next: BuildsRecord): Promise<boolean> {
    const source = { kind: 'builds', record: next } as const
    if (previous === undefined) return this.#records.create(BUILDS, source)
    const stored = await this.#records.readOne(BUILDS)
    const { revision } = (stored?.source.record ?? {}) as Partial<BuildsRecord>
    if (stored === undefined || revision !== previous.revision) return false
    return (await this.#records.replace(BUILDS, stored, source)) !== undefined
  }

  /** @throws {BuildNotPreparedError} there is none, or its index is not made. */
  async read(build: Build): Promise<BuildRecord & { readonly identity: IndexIdentity }> {
    const { record } = (await this.find(build)) ?? {}
    const identity = record?.identity
    if (record === undefined || identity === undefined)
      throw new BuildNotPreparedError(this.#records.names.alias, build.number)
    return { ...record, identity }
  }

  async find(
    build: Build,
  ): Promise<{ readonly record: BuildRecord; readonly token: RecordToken } | undefined> {
    const stored = await this.#records.readOne(idOf(build))
    return stored && { record: stored.source.record as BuildRecord, token: stored }
  }

  /** Names the index of a build, once. */
  async begin(build: Build, mappings: string): Promise<void> {
    const lineage = randomUUID().replaceAll('-', '').slice(0, 12)
    const { names } = this.#records
    const record: BuildRecord = {
      ...{ index: names.data(build, lineage), alias: names.dataWrite(build, lineage) },
      ...{ lineage, mappings, identity: undefined },
    }
    await this.#records.create(idOf(build), { kind: 'build', build: build.number, record })
  }

  /** Notes that the index of a build was made, unless somebody else did. */
  async made(
    build: Build,
    { record, token }: { readonly record: BuildRecord; readonly token: RecordToken },
    identity: IndexIdentity,
  ): Promise<void> {
    const made = { ...record, identity }
    await this.#records.replace(idOf(build), token, {
      ...{ kind: 'build', build: build.number },
      record: made,
    })
  }

  async remove(build: Build): Promise<void> {
    await this.#records.write([], [idOf(build)])
  }

  /** Without the record nobody knows how far the builds are: to begin anew would not tell that they are there. */
  async #nothing(): Promise<undefined> {
    const { names, server } = this.#records
    const { body } = await server.send({
      ...{ method: 'GET', path: `/${names.dataPattern}/_settings` },
      query: { filter_path: '*.settings.index.uuid', allow_no_indices: true },
      what: `a look at the indices of ${names.alias}`,
    })
    const [orphan] = Object.keys(body as object).filter((name) => names.isData(name))
    if (orphan !== undefined)
      throw new IndexReplacedError(
        names.records,
        'was deleted',
        `Delete '${orphan}' and the other indices '${names.dataPattern}', too, and the runner makes the read model anew; or restore all of them.`,
      )
    return undefined
  }
}

const idOf = ({ number }: Build): string => `build-${number}`
