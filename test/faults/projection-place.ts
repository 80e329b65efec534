import type pg from 'pg'
import { postgres, type PostgresEventStore } from '../../src/adapters/postgres/index.ts'
import {
  asOf,
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
import { LaneAudit } from './projection-lane-audit.ts'
import { balancesIn, registrationOf, TABLE } from './projection-read-model.ts'
import type { ProjectionProcess } from './projection-process.ts'
import type { WorkerSettings } from './projection-worker.ts'
import type { SeededRandom } from './seeded-random.ts'

const ACCOUNTS = 20

export type PlaceSettings = Omit<WorkerSettings, 'url' | 'schema'>

/** An event store and a read model in a schema of their own, as the test sees them while processes work on them. */
export class ProjectionPlace {
  readonly settings: WorkerSettings
  readonly store: PostgresEventStore
  readonly balances: ReadModel<Balance>
  readonly #pool: pg.Pool
  readonly #audit: LaneAudit

  private constructor(settings: WorkerSettings, pool: pg.Pool) {
    this.settings = settings
    this.store = openStore(pool, settings.schema)
    this.balances = balancesIn(postgres(pool), settings.schema)
    this.#pool = pool
    this.#audit = new LaneAudit(pool, settings.schema)
  }

  static async make(
    server: PostgresServer,
    pool: pg.Pool,
    settings: PlaceSettings,
  ): Promise<ProjectionPlace> {
    const schema = server.anySchema()
    const place = new ProjectionPlace({ ...settings, url: server.url, schema }, pool)
    await place.store.migrate()
    await place.balances.storage.readBuilds() // makes the records
    await place.#audit.begin()
    return place
  }

  /** A runner in the test's own process. */
  runner(): ProjectionRunner {
    const { lanes, leaseMs, pageSize } = this.settings
    const projections = [registrationOf(this.balances, lanes)]
    return new ProjectionRunner({
      store: this.store,
      projections,
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

  /** What is wrong, seen by readers of the view and in the records, when everything has settled; nothing: `NOTHING_WRONG`. */
  async wrongs(): Promise<Wrongs> {
    const { live, building, previous, dropping } = await this.builds()
    const head = await this.store.head()
    const behind = (await this.lanes()).filter(
      ({ checkpoint }) =>
        checkpoint?.position !== head?.position || checkpoint?.eventId !== head?.eventId,
    )
    const known = [live, building, previous].flatMap((build) => build?.number ?? [])
    const tables = known.map((number) => `${TABLE}_b${number}`)
    return {
      documents: await this.#differences(),
      behind: behind.length,
      dropping: dropping.length,
      shown: [await this.#shown()].filter((table) => table !== `${TABLE}_b${live.number}`),
      leftOver: (await this.#tables()).filter((table) => !tables.includes(table)),
      stolen: await this.#audit.stolen(),
    }
  }

  /** Positions of the documents that readers of the view see. */
  async positionsInView(): Promise<ReadonlyMap<string, bigint>> {
    const { rows } = await this.#pool.query<{ key: string; position: string }>(
      `SELECT key, position FROM ${this.#view}`,
    )
    return new Map(rows.map(({ key, position }) => [key, BigInt(position)]))
  }

  /** Positions of the documents that readers of the live build see. */
  async positionsInModel(): Promise<ReadonlyMap<string, bigint>> {
    const builds = await this.balances.storage.readBuilds()
    if (builds === undefined) return new Map()
    const keys = Array.from({ length: ACCOUNTS }, (_, number) => `account-${number}`)
    const found = await this.balances.storage.load(builds.live, keys)
    return new Map([...found].map(([key, { position }]) => [key, position]))
  }

  get #view(): string {
    return `${this.settings.schema}.${TABLE}`
  }

  /** Documents that differ from a fresh fold. */
  async #differences(): Promise<readonly string[]> {
    if ((await this.#shown()) === '') return ['there is no view']
    const head = await this.store.head()
    const expected =
      head === undefined
        ? new Map<string, Balance>()
        : await asOf(accountBalances, { position: head.position }, { store: this.store })
    const { rows } = await this.#pool.query<Balance & { key: string }>(
      `SELECT key, owner, cents, events FROM ${this.#view}`,
    )
    return differing(
      rows.map(({ key, owner, cents, events }) => textOf(key, { owner, cents, events })),
      [...expected].map(([key, document]) => textOf(key, document)),
    )
  }

  /** Name of the table that the view shows. */
  async #shown(): Promise<string> {
    const { rows } = await this.#pool.query<{ name: string }>(
      'SELECT table_name AS name FROM information_schema.view_table_usage WHERE view_schema = $1 AND view_name = $2',
      [this.settings.schema, TABLE],
    )
    return rows.map(({ name }) => name).join()
  }

  async #tables(): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND relname LIKE '${TABLE}\\_b%'`,
      [this.settings.schema],
    )
    return rows.map(({ name }) => name)
  }
}

export interface Wrongs {
  /** Documents that a fresh fold does not give, or that only it gives. */
  readonly documents: readonly string[]
  /** How many lanes of the live build are not at the head. */
  readonly behind: number
  /** How many builds are still to be dropped. */
  readonly dropping: number
  /** The table that the view shows, if it is not that of the live build. */
  readonly shown: readonly string[]
  /** Tables of builds that are not in the record. */
  readonly leftOver: readonly string[]
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
