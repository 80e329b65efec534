import { randomUUID } from 'node:crypto'
import { globalPosition } from '../../../event-store/global-position.ts'
import type { Build, BuildsRecord } from '../../../projections/build.ts'
import { BuildNotPreparedError } from '../../../projections/build-not-prepared-error.ts'
import type { LaneRecord, LaneStep } from '../../../projections/read-model-storage.ts'
import type { DatabaseSession, Parameter, Row, Statement } from '../database/database.ts'
import type { ReadModelName } from './read-model-name.ts'
import type { SchemaSql } from '../schema/schema-sql.ts'

/** The rows that say which builds a read model has, and where their lanes are. */
export class ReadModelRecords {
  readonly #name: ReadModelName
  readonly #statements: ReturnType<typeof statementsOf>

  constructor(name: ReadModelName, sql: SchemaSql) {
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
    const revisions = Array.from({ length: build.lanes }, () => randomUUID())
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

  async writeLane(session: DatabaseSession, build: Build, step: LaneStep): Promise<boolean> {
    const written = await session.query(
      this.#statements.writeLane,
      this.laneParameters(build, step),
    )
    return written.length > 0
  }

  /** The compare-and-set of a lane, to be part of a larger statement; gives a row if the lane was written. */
  get writeLaneSql(): string {
    return this.#statements.writeLane.text
  }

  /** Its parameters, `$1` to `$11`. */
  laneParameters(
    { number: build }: Build,
    { number, previous, next }: LaneStep,
  ): readonly Parameter[] {
    const { revision, epoch, owner = null, checkpoint, isHeld } = next
    const place = [checkpoint?.position ?? null, checkpoint?.eventId ?? null]
    return [
      ...this.#id(),
      ...[build, number, previous.revision],
      ...[revision, epoch, owner, ...place, isHeld],
    ]
  }

  #id(): readonly string[] {
    return [this.#name.schema, this.#name.table]
  }
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
    writeLane: sql.query('write_lane'),
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
  | 'writeLane'

function buildsRecord([revision, json]: Row): BuildsRecord {
  const builds = JSON.parse(json ?? '') as Omit<BuildsRecord, 'revision'>
  const { newest, live, building, previous, dropping } = builds
  return { revision: revision ?? '', newest, live, building, previous, dropping }
}

function laneRecord([revision, epoch, owner, position, eventId, isHeld]: Row): LaneRecord {
  return {
    revision: revision ?? '',
    epoch: Number(epoch),
    owner: owner ?? undefined,
    checkpoint:
      typeof position === 'string' && typeof eventId === 'string'
        ? { position: globalPosition(position), eventId }
        : undefined,
    isHeld: isHeld === 't',
  }
}
