import type { Build, BuildsRecord } from '../../../projections/builds/build.ts'
import { BuildNotPreparedError } from '../../../projections/builds/build-not-prepared-error.ts'
import { newLaneRecord } from '../../../projections/lanes/lane-record.ts'
import type {
  LaneRecord,
  LaneStep,
  Member,
  ParkedEvent,
} from '../../../projections/read-model-storage.ts'
import type { DatabaseSession, Row, Statement } from '../database/database.ts'
import { laneParameters, laneRecord, type LaneParameters } from './lane-row.ts'
import { digestOf, FIRST_DIGEST, LAST_DIGEST, parkedEvent } from './parked-row.ts'
import type { SchemaSql } from '../schema/schema-sql.ts'

/** Whose rows they are. No two have one schema and table. */
export interface RecordsName {
  readonly schema: string
  readonly table: string
  /** For errors and status. */
  readonly display: string
}

/** The rows that say which builds a read model has, where their lanes are, and who runs it. */
export class ReadModelRecords {
  readonly #name: RecordsName
  readonly #statements: ReturnType<typeof statementsOf>

  constructor(name: RecordsName, sql: SchemaSql) {
    this.#name = name
    this.#statements = statementsOf(sql)
  }

  async readBuilds(session: DatabaseSession): Promise<BuildsRecord | undefined> {
    const [row] = await session.query(this.#statements.readBuilds, this.#id())
    return row && buildsRecord(row)
  }

  async writeBuilds(
    session: DatabaseSession,
    previous: BuildsRecord | undefined,
    { revision, ...builds }: BuildsRecord,
  ): Promise<boolean> {
    const { insertBuilds, updateBuilds } = this.#statements
    const next = [...this.#id(), revision, JSON.stringify(builds)]
    const written =
      previous === undefined
        ? await session.query(insertBuilds, next)
        : await session.query(updateBuilds, [...next, previous.revision])
    return written.length > 0
  }

  /** What the columns of a build's table hold; undefined: the build is not prepared. */
  async columnsOf(session: DatabaseSession, { number }: Build): Promise<string | undefined> {
    const [row] = await session.query(this.#statements.buildColumns, [...this.#id(), number])
    return row?.[0] ?? undefined
  }

  async insertBuild(session: DatabaseSession, build: Build, columns: string): Promise<void> {
    const revisions = Array.from({ length: build.lanes + 1 }, () => newLaneRecord().revision)
    const parameters = [...this.#id(), build.number, columns, revisions]
    await session.query(this.#statements.insertBuild, parameters)
  }

  async deleteLanes(session: DatabaseSession, { number }: Build): Promise<void> {
    await session.query(this.#statements.deleteLanes, [...this.#id(), number])
  }

  /** False: there was none. */
  async deleteBuild(session: DatabaseSession, { number }: Build): Promise<boolean> {
    const deleted = await session.query(this.#statements.deleteBuild, [...this.#id(), number])
    return deleted.length > 0
  }

  async readLane(session: DatabaseSession, build: Build, lane: number): Promise<LaneRecord> {
    const parameters = [...this.#id(), build.number, lane]
    const [row] = await session.query(this.#statements.readLane, parameters)
    if (row === undefined) throw new BuildNotPreparedError(this.#name.display, build.number)
    return laneRecord(row)
  }

  async readLanes(session: DatabaseSession, build: Build): Promise<readonly LaneRecord[]> {
    const rows = await session.query(this.#statements.readLanes, [...this.#id(), build.number])
    if (rows.length === 0) throw new BuildNotPreparedError(this.#name.display, build.number)
    return rows.map(laneRecord)
  }

  async writeLane(session: DatabaseSession, build: Build, step: LaneStep): Promise<boolean> {
    const { parameters, timeoutMs } = this.laneParameters(build, step)
    const statement = { ...this.#statements.writeLane, timeoutMs }
    return (await session.query(statement, parameters)).length > 0
  }

  /** The compare-and-set of a lane, to be part of a larger statement; gives a row if the lane was written. */
  get writeLaneSql(): string {
    return this.#statements.writeLane.text
  }

  laneParameters(build: Build, step: LaneStep): LaneParameters {
    return laneParameters(this.#id(), build, step)
  }

  /** Parked events of a lane after one of them, in the order of keys and positions: up to a thousand, or up to some megabytes. Empty: there are no more. */
  async parkedPage(
    session: DatabaseSession,
    build: Build,
    { lane, key, after }: ParkedPlace,
  ): Promise<readonly ParkedEvent[]> {
    const only = key === undefined ? undefined : digestOf(key)
    const rows = await session.query(this.#statements.readParked, [
      ...[...this.#id(), build.number, lane],
      ...[
        after === undefined ? (only ?? FIRST_DIGEST) : digestOf(after.key),
        after?.position ?? -1,
      ],
      only ?? LAST_DIGEST,
    ])
    return rows.map(parkedEvent)
  }

  /** @returns the records of all members. */
  async beat(session: DatabaseSession, member: Member): Promise<readonly Member[]> {
    const { runner, revision, leaseMs, version, fingerprint } = member
    const parameters = [...this.#id(), runner, revision, leaseMs, version, fingerprint]
    return (await session.query(this.#statements.beatMember, parameters)).map(memberOf)
  }

  async deleteMember(session: DatabaseSession, runner: string): Promise<void> {
    await session.query(this.#statements.deleteMember, [...this.#id(), runner])
  }

  #id(): readonly string[] {
    return [this.#name.schema, this.#name.table]
  }
}

/** Parked events of a lane, of one key or of all, after one of them. */
interface ParkedPlace {
  readonly lane: number
  readonly key: string | undefined
  readonly after: ParkedEvent | undefined
}

function statementsOf(sql: SchemaSql): Readonly<Record<StatementName, Statement>> {
  return {
    readBuilds: sql.query('read_model_builds'),
    insertBuilds: sql.query('insert_read_model_builds'),
    updateBuilds: sql.query('update_read_model_builds'),
    buildColumns: sql.query('build_columns'),
    insertBuild: sql.query('insert_build'),
    deleteLanes: sql.query('delete_lanes'),
    deleteBuild: sql.query('delete_build'),
    readLane: sql.query('read_lane'),
    readLanes: sql.query('read_lanes'),
    writeLane: sql.query('write_lane'),
    readParked: sql.query('read_parked'),
    beatMember: sql.query('beat_member'),
    deleteMember: sql.query('delete_member'),
  }
}

type StatementName =
  | 'readBuilds'
  | 'insertBuilds'
  | 'updateBuilds'
  | 'buildColumns'
  | 'insertBuild'
  | 'deleteLanes'
  | 'deleteBuild'
  | 'readLane'
  | 'readLanes'
  | 'writeLane'
  | 'readParked'
  | 'beatMember'
  | 'deleteMember'

function buildsRecord([revision, json]: Row): BuildsRecord {
  const builds = JSON.parse(json ?? '') as Omit<BuildsRecord, 'revision'>
  const { building, previous, ...rest } = builds
  return { revision: revision ?? '', building, previous, ...rest }
}

function memberOf([runner, revision, leaseMs, version, fingerprint]: Row): Member {
  return {
    runner: runner ?? '',
    revision: revision ?? '',
    leaseMs: Number(leaseMs),
    version: Number(version),
    fingerprint: fingerprint ?? '',
  }
}
