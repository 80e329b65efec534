import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { ReadModel } from '../../../projections/read-model.ts'
import type { Build, BuildsRecord } from '../../../projections/builds/build.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneRecord,
  LaneStep,
  ParkedEvent,
  ReadModelStorage,
} from '../../../projections/read-model-storage.ts'
import type { ContractSubject, Rule } from '../contract.ts'
import { changesOf, documentOf, type ContractDocument } from './contract-document.ts'

export type ReadModelRule = Rule<ContractModel>

type Write = DocumentWrite<ContractDocument>

/** A read model under test, with the steps that most rules take. */
export class ContractModel {
  readonly model: ReadModel<ContractDocument>
  readonly storage: ReadModelStorage<ContractDocument>
  /** A document that the sink cannot hold. */
  readonly refused: ContractDocument

  constructor(model: ReadModel<ContractDocument>, refused: ContractDocument) {
    this.model = model
    this.storage = model.storage
    this.refused = refused
  }

  /** Makes the first build and prepares it. */
  async build({ lanes = 1 }: { readonly lanes?: number } = {}): Promise<Build> {
    const live = anyBuild({ lanes })
    assert.equal(await this.storage.writeBuilds(undefined, recordOf(live)), true)
    await this.storage.prepare(live)
    return live
  }

  /** Makes the next build beside the live one and prepares it. */
  async buildBeside({ lanes = 1 }: { readonly lanes?: number } = {}): Promise<Build> {
    const builds = await this.builds()
    const building = anyBuild({ number: builds.newest + 1, lanes })
    await this.change(builds, { building, newest: building.number })
    await this.storage.prepare(building)
    return building
  }

  /** Makes the build beside it the live one. */
  async switch(): Promise<void> {
    const builds = await this.builds()
    assert(builds.building)
    await this.change(builds, {
      live: builds.building,
      building: undefined,
      previous: builds.live,
    })
  }

  /** Makes a build the live one, and shows it to readers from outside. */
  async show(build: Build): Promise<void> {
    const builds = await this.builds()
    const { live, building, previous } = builds
    const others = [live, building, previous].filter((each) => each?.number !== build.number)
    const other = others.find((each) => each !== undefined)
    await this.change(builds, { live: build, building: undefined, previous: other })
    await this.storage.publish(build)
  }

  async change(builds: BuildsRecord, changes: Partial<BuildsRecord>): Promise<void> {
    const next = { ...builds, ...changes, revision: randomUUID() }
    assert.equal(await this.storage.writeBuilds(builds, next), true)
  }

  async builds(): Promise<BuildsRecord> {
    const builds = await this.storage.readBuilds()
    assert(builds)
    return builds
  }

  /** A step from the lane as it is now. */
  async step(build: Build, changes: Partial<LaneRecord> = {}, number = 0): Promise<LaneStep> {
    return stepFrom(await this.storage.readLane(build, number), changes, number)
  }

  /** Commits, as the owner of the lane. */
  async write(
    build: Build,
    writes: readonly Write[],
    parked?: Parameters<typeof changesOf>[1],
  ): Promise<void> {
    const changes = changesOf(writes, parked)
    assert.equal(await this.storage.commit(build, await this.step(build), changes), 'committed')
  }

  /** What a load finds under one key. */
  async find(build: Build, key: string): Promise<DocumentAt<ContractDocument> | undefined> {
    const found = (await this.storage.load(build, [key])).get(key)
    return found?.document === undefined ? undefined : found
  }

  /** All parked events of a lane, or those of one key, in the order in which they are read. */
  async parked(build: Build, key?: string, lane = 0): Promise<readonly ParkedEvent[]> {
    const found: ParkedEvent[] = []
    for await (const page of this.storage.readParked(build, lane, key)) found.push(...page)
    return found
  }

  /** All documents of a build, in the order of their keys. */
  async all(build: Build): Promise<readonly Write[]> {
    const found: Write[] = []
    for await (const page of this.storage.scan(build)) found.push(...page)
    return found.toSorted((one, other) => (one.key < other.key ? -1 : 1))
  }
}

/** A read model to be held to the contract. `open` is called once per rule, and gives an empty one under a name of its own each time. */
export interface ReadModelSubject extends ContractSubject<ReadModel<ContractDocument>> {
  /** A document that the sink cannot hold. Default: one that is not JSON. */
  readonly refused?: ContractDocument | undefined
}

/** The read models of one subject: one per rule, closed after the last. */
export class OpenedModels {
  readonly #subject: ReadModelSubject
  readonly #opened: ReadModel<ContractDocument>[] = []

  constructor(subject: ReadModelSubject) {
    this.#subject = subject
  }

  async open(): Promise<ContractModel> {
    const { open, refused = documentOf({ ratio: Number.NaN }) } = this.#subject
    const model = await open()
    this.#opened.push(model)
    return new ContractModel(model, refused)
  }

  async close(): Promise<void> {
    for (const model of this.#opened.splice(0)) await this.#subject.close?.(model)
  }
}

/** A step that gives the lane a new revision. */
export function stepFrom(
  previous: LaneRecord,
  changes: Partial<LaneRecord> = {},
  number = 0,
): LaneStep {
  return { number, previous, next: { ...previous, revision: randomUUID(), ...changes } }
}

export const anyBuild = (changes: Partial<Build> = {}): Build => ({
  number: 1,
  projection: 'account-balances',
  version: 1,
  fingerprint: 'f1',
  lanes: 1,
  ...changes,
})

/** The record of a read model with one build. */
export const recordOf = (live: Build): BuildsRecord => ({
  revision: randomUUID(),
  newest: live.number,
  live,
  building: undefined,
  previous: undefined,
  dropping: [],
  rolledBack: [],
  isPaused: false,
})
