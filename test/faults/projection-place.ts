import type pg from 'pg'
import type { PostgresEventStore } from '../../src/adapters/postgres/index.ts'
import {
  asOf,
  project,
  ProjectionRunner,
  streamId,
  type BuildsRecord,
  type DomainEvent,
  type LaneRecord,
  type ReadModel,
} from '../../src/index.ts'
import type { PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'
import { silent } from '../projections/runner-fixture.ts'
import { openStore } from './open-store.ts'
import type { ProjectionProcess } from './projection-process.ts'
import type { WorkerSettings } from './projection-worker.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { FaultSink, OpenSink, SinkInspector } from './sinks/fault-sink.ts'
import { urlOf } from './sinks/describe-on-sinks.ts'

const ACCOUNTS = 20

export const NAME: string = accountBalances.name

export interface PlaceSettings extends Pick<WorkerSettings, 'lanes' | 'leaseMs' | 'pageSize'> {
  readonly sink: FaultSink
  /** Of the sink. Default: that of the environment. */
  readonly sinkUrl?: string | undefined
}

/** An event store and a read model in a namespace of their own, as the test sees them while processes work on them. */
export class ProjectionPlace implements AsyncDisposable {
  readonly settings: WorkerSettings
  readonly store: PostgresEventStore
  readonly balances: ReadModel<Balance>
  readonly #sink: OpenSink
  readonly #inspector: SinkInspector

  private constructor(
    settings: WorkerSettings,
    pool: pg.Pool,
    sink: { readonly opened: OpenSink; readonly inspector: SinkInspector },
  ) {
    this.settings = settings
    this.store = openStore(pool, settings.schema)
    this.balances = sink.opened.balances()
    this.#sink = sink.opened
    this.#inspector = sink.inspector
  }

  static async make(
    server: PostgresServer,
    pool: pg.Pool,
    { sink, sinkUrl = urlOf(sink), ...settings }: PlaceSettings,
  ): Promise<ProjectionPlace> {
    const schema = server.anySchema()
    const options = { url: sinkUrl, namespace: schema }
    const [opened, inspector] = [await sink.open(options), await sink.inspect(options)]
    const place = new ProjectionPlace(
      { ...settings, url: server.url, schema, sink: { name: sink.name, url: options.url } },
      ...([pool, { opened, inspector }] as const),
    )
    await place.store.migrate()
    await place.balances.storage.readBuilds() // makes the records
    await inspector.watchLanes()
    return place
  }

  /** A runner in the test's own process. */
  runner(): ProjectionRunner {
    const { lanes, leaseMs, pageSize } = this.settings
    return new ProjectionRunner({
      store: this.store,
      projections: [project(accountBalances).into(this.balances, { lanes })],
      logger: silent,
      leaseMs,
      pageSize,
    })
  }

  /** Appends a few events to any account. */
  async append(random: SeededRandom): Promise<void> {
    const events = Array.from({ length: 1 + random.below(3) }, () => anyEvent(random))
    await this.store.append(streamId('account', String(random.below(ACCOUNTS))), events, {
      expectedVersion: 'any',
    })
  }

  /** Appends at once, in any order. */
  async appendMany(appends: number, random: SeededRandom): Promise<void> {
    await Promise.all(Array.from({ length: appends }, () => this.append(random)))
  }

  async builds(): Promise<BuildsRecord> {
    const builds = await this.balances.storage.readBuilds()
    if (builds === undefined) throw new Error('Nothing was built yet.')
    return builds
  }

  /** The records of the live build's lanes. */
  async lanes(): Promise<readonly LaneRecord[]> {
    const { live } = await this.builds()
    return (await this.balances.storage.readLanes(live)).slice(0, live.lanes)
  }

  /** How many lanes each of some processes has, and how many are with nobody, or somebody else. */
  async shares(
    ...processes: readonly ProjectionProcess[]
  ): Promise<{ readonly theirs: readonly number[]; readonly others: number }> {
    const owners = (await this.lanes()).map(({ owner }) => owner)
    const theirs = processes.map(({ runner }) => owners.filter((owner) => owner === runner).length)
    return { theirs, others: owners.length - theirs.reduce((sum, each) => sum + each, 0) }
  }

  /** What is wrong, seen by readers from outside and in the records, when everything has settled; nothing: `NOTHING_WRONG`. */
  async wrongs(): Promise<Wrongs> {
    const { live, building, previous, dropping } = await this.builds()
    const head = await this.store.head()
    const behind = (await this.lanes()).filter(
      ({ checkpoint }) =>
        checkpoint?.position !== head?.position || checkpoint?.eventId !== head?.eventId,
    )
    const known = [live, building, previous].flatMap((build) => build?.number ?? [])
    const shown = await this.#inspector.shownBuild()
    const stored = await this.#inspector.storedBuilds()
    return {
      documents: await this.#differences(),
      behind: behind.length,
      dropping: dropping.length,
      shown: shown === live.number ? [] : [`build ${shown} in place of ${live.number}`],
      leftOver: stored.filter((number) => !known.includes(number)),
      stolen: await this.#inspector.stolen(),
    }
  }

  /** Positions of the documents that readers from outside see. */
  async shownPositions(): Promise<ReadonlyMap<string, bigint>> {
    const shown = await this.#inspector.shownDocuments()
    return new Map([...shown].map(([key, { position }]) => [key, position]))
  }

  /** Positions of the documents that readers of the live build see. */
  async positionsInModel(): Promise<ReadonlyMap<string, bigint>> {
    const builds = await this.balances.storage.readBuilds()
    if (builds === undefined) return new Map()
    const keys = Array.from({ length: ACCOUNTS }, (_, number) => `account-${number}`)
    const found = await this.balances.storage.load(builds.live, keys)
    return new Map([...found].map(([key, { position }]) => [key, position]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink[Symbol.asyncDispose]()
    await this.#inspector[Symbol.asyncDispose]()
  }

  /** Documents that differ from a fresh fold. */
  async #differences(): Promise<readonly string[]> {
    const head = await this.store.head()
    const expected =
      head === undefined
        ? new Map<string, Balance>()
        : await asOf(accountBalances, { position: head.position }, { store: this.store })
    await this.#inspector.settle?.()
    const found = await this.#inspector.shownDocuments()
    return differing(
      [...found].map(([key, { document }]) => textOf(key, document)),
      [...expected].map(([key, document]) => textOf(key, document)),
    )
  }
}

export interface Wrongs {
  /** Documents that a fresh fold does not give, or that only it gives. */
  readonly documents: readonly string[]
  /** How many lanes of the live build are not at the head. */
  readonly behind: number
  /** How many builds are still to be dropped. */
  readonly dropping: number
  /** The build that readers from outside see, if it is not the live one. */
  readonly shown: readonly string[]
  /** Builds that are in the sink and not in the record. */
  readonly leftOver: readonly number[]
  /** Steps of lanes that nobody but their owner may make. */
  readonly stolen: readonly string[]
}

export const NOTHING_WRONG: Wrongs = {
  ...{ documents: [], behind: 0, dropping: 0 },
  ...{ shown: [], leftOver: [], stolen: [] },
}

/** What is in one of two lists only. */
function differing(found: readonly string[], expected: readonly string[]): readonly string[] {
  return [
    ...found.filter((each) => !expected.includes(each)).map((each) => `found ${each}`),
    ...expected.filter((each) => !found.includes(each)).map((each) => `missing ${each}`),
  ]
}

function textOf(key: string, { owner, cents, events }: Balance): string {
  return JSON.stringify({ key, owner, cents, events })
}

function anyEvent(random: SeededRandom): DomainEvent {
  return random.pick([
    accountEvents.AccountOpened({ owner: `owner ${random.below(100)}` }),
    accountEvents.MoneyDeposited({ cents: random.below(100) }),
    accountEvents.MoneyDeposited({ cents: random.below(100) }),
    accountEvents.MoneyDeposited({ cents: random.below(100) }),
    accountEvents.MoneyWithdrawn({ cents: random.below(100) }),
    accountEvents.AccountClosed({}),
  ])
}
