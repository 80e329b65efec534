import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import {
  bigint,
  integer,
  postgres,
  PostgresReadModel,
  text,
  type ColumnsOf,
} from '../../src/adapters/postgres/index.ts'
import {
  defineProjection,
  project,
  ProjectionRunner,
  type EventStore,
  type Projection,
  type RecordedEvent,
} from '../../src/index.ts'
import { describeOnServer, PostgresServer, skipped } from '../adapters/postgres/postgres-server.ts'
import { accountEvents } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import { append, deposited, openStore, silent } from './runner-fixture.ts'
import { untilBuilds } from './versions-fixture.ts'

const server = new PostgresServer()
const schema = server.anySchema()

jest.beforeAll(async () => {
  if (skipped === undefined) await server.pool().query(`CREATE SCHEMA ${schema}`)
})
jest.afterAll(() => server.close())

const named = { name: 'totals', events: accountEvents }

const first = defineProjection({
  ...named,
  version: 1,
  initialDocument: (): { readonly cents: number } => ({ cents: 0 }),
  on: { MoneyDeposited: ({ cents }, { data }) => ({ cents: cents + data.cents }) },
})

/** Another column of another name. */
const second = defineProjection({
  ...named,
  version: 2,
  initialDocument: (): { readonly total: number; readonly deposits: number } => ({
    total: 0,
    deposits: 0,
  }),
  on: {
    MoneyDeposited: ({ total, deposits }, { data }) => ({
      total: total + data.cents,
      deposits: deposits + 1,
    }),
  },
})

/** The first column's name again, with another type. */
const third = defineProjection({
  ...named,
  version: 3,
  initialDocument: (): { readonly cents: string } => ({ cents: '' }),
  on: { MoneyDeposited: ({ cents }, { data }) => ({ cents: `${cents}${data.cents};` }) },
})

/** Opens read models and runners of one table. */
function opener(store: EventStore, table: string) {
  const pool = server.pool({ max: 8 })
  return <Document, Event extends RecordedEvent>(
    projection: Projection<Document, Event>,
    columns: ColumnsOf<Document>,
  ) => {
    const totals = new PostgresReadModel<Document>({
      ...{ database: postgres(pool), table, columns },
      ...{ schema, recordsSchema: schema },
    })
    const projections = [project(projection).into(totals, { lanes: 2 })]
    const runner = new ProjectionRunner({ store, projections, logger: silent, leaseMs: 1000 })
    return { totals, runner }
  }
}

describeOnServer('versions with other columns', () => {
  server.test(
    'live side by side: each code reads its own shape, and plain SQL that of the live one',
    async () => {
      const store = openStore()
      const pool = server.pool({ max: 8 })
      const open = opener(store, 'totals')
      const seen = async (): Promise<unknown> =>
        (await pool.query<object>(`SELECT * FROM ${schema}.totals WHERE key = 'account-1'`)).rows[0]
      const old = open(first, { cents: bigint })
      const renewed = open(second, { total: bigint, deposits: integer })
      const newest = open(third, { cents: text })
      await append(store, '1', deposited(1))

      await old.runner.start()
      await old.totals.waitFor((await store.head())?.position)
      const atFirst = await seen()
      await renewed.runner.start()
      await untilBuilds(renewed.totals, 2, undefined, 1)
      const two = await append(store, '1', deposited(2))
      await Promise.all([old.totals.waitFor(two), renewed.totals.waitFor(two)])
      const atSecond = [await old.totals.get('account-1'), await seen()]
      await newest.runner.start()
      await untilBuilds(newest.totals, 3, undefined, 2)
      const three = await append(store, '1', deposited(3))
      await Promise.all([renewed.totals.waitFor(three), newest.totals.waitFor(three)])
      await eventually(async () => (await old.runner.status())[0]?.state === 'failed')
      const status = await old.runner.status()
      await newest.runner.rollback('totals')
      const rolledBack = await seen()
      for (const { runner } of [old, renewed, newest]) await runner.stop()

      expect(atFirst).toMatchObject({ cents: '1' })
      expect(atSecond).toEqual([
        { cents: 3 },
        { key: 'account-1', position: '2', total: '3', deposits: 2 },
      ])
      expect(status).toMatchObject([{ lastError: { code: 'BUILD_MISMATCH' } }])
      expect(await renewed.totals.get('account-1')).toEqual({ total: 6, deposits: 3 })
      expect(await newest.totals.get('account-1')).toEqual({ cents: '1;2;3;' })
      expect(rolledBack).toMatchObject({ total: '6', deposits: 3 })
    },
    60_000,
  )

  server.test('keep the build of lower code up to date, also by scripts', async () => {
    const store = openStore()
    const open = opener(store, 'scripted')
    const old = open(first, { cents: bigint })
    const renewed = open(second, { total: bigint, deposits: integer })
    await append(store, '1', deposited(1))
    await old.runner.runUntilCaughtUp()
    await renewed.runner.runUntilCaughtUp()
    await append(store, '1', deposited(2))

    await open(first, { cents: bigint }).runner.runUntilCaughtUp()

    expect(await old.totals.get('account-1')).toEqual({ cents: 3 })
    expect(await renewed.totals.get('account-1')).toEqual({ total: 1, deposits: 1 })
  })
})
