import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import * as jest from '@jest/globals'
import {
  bigint,
  boolean,
  double,
  integer,
  json,
  optional,
  PostgresReadModel,
  text,
  type Column,
  type ColumnsOf,
  type Database,
} from '../../../src/adapters/postgres/index.ts'
import { globalPosition } from '../../../src/event-store/global-position.ts'
import {
  changesOf,
  documentOf,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { ContractModel } from '../../../src/testing/contracts/read-model/contract-model.ts'
import { parkedEvent } from '../../../src/testing/contracts/read-model/contract-parked.ts'
import { contractColumns } from './read-model-columns.ts'

export interface Place {
  readonly database: Database
  /** Schema of tables and records. */
  readonly schema: string
}

/** What the contract does not say of a read model in Postgres, on any `Database`. */
export function postgresReadModelTests(place: Place): void {
  viewTests(place)
  dependentTests(place)
  nameTests(place)
  refusalTests(place)
  columnTests(place)
  scanTests(place)
}

function viewTests(place: Place): void {
  jest.it('shows documents to plain SQL, a column per member', async () => {
    const { table, given } = anyModel(place)
    const build = await given.build()
    await given.storage.publish(build)
    const document = documentOf({ title: 'Ada', count: 42, lines: [1], note: null })
    await given.write(build, [{ key: 'account-1', document, position: globalPosition(7) }])

    const rows = await select(place, `SELECT * FROM ${at(place, table)}`)
    const found = await select(
      place,
      `SELECT title FROM ${at(place, table)} WHERE "isOpen" AND count > 41 AND hint IS NULL`,
    )

    assert.deepEqual(rows, [['account-1', '7', 'Ada', '42', '0.5', 't', '[1]', null, null]])
    assert.deepEqual(found, [['Ada']])
  })

  jest.it('shows documents without columns as JSON', async () => {
    const table = anyTable()
    const model = new PostgresReadModel<object>({ ...options(place), table })
    const given = new ContractModel(model as never, documentOf())
    const build = await given.build()
    await given.storage.publish(build)

    await given.write(build, [
      { key: 'a', document: documentOf({ title: 'Ada' }), position: globalPosition(1) },
    ])

    const sql = `SELECT key, document ->> 'title' FROM ${at(place, table)}`
    assert.deepEqual(await select(place, sql), [['a', 'Ada']])
  })

  jest.it('shows another build from one moment to the next, also with other columns', async () => {
    const table = anyTable()
    const first = new ContractModel(
      new PostgresReadModel<{ cents: number }>({
        ...options(place),
        table,
        columns: { cents: integer },
      }) as never,
      documentOf(),
    )
    const old = await first.build()
    await first.show(old)
    await first.write(old, [row('a', { cents: 1 })])
    await select(place, `GRANT SELECT ON ${at(place, table)} TO PUBLIC`)
    const second = new ContractModel(
      new PostgresReadModel<{ euros: number; owner: string }>({
        ...options(place),
        table,
        columns: { euros: double, owner: text },
      }) as never,
      documentOf(),
    )
    const next = await second.buildBeside()
    await second.write(next, [row('a', { euros: 0.01, owner: 'Ada' })])

    await second.show(next)
    const shown = await select(place, `SELECT * FROM ${at(place, table)}`)
    await first.show(old)
    const shownAgain = await select(place, `SELECT * FROM ${at(place, table)}`)

    assert.deepEqual(shown, [['a', '1', '0.01', 'Ada']])
    assert.deepEqual(shownAgain, [['a', '1', '1']])
    const grants = `SELECT count(*) FROM pg_class, aclexplode(relacl) WHERE relname = '${table}' AND grantee = 0`
    assert.deepEqual(await select(place, grants), [['1']])
  })

  jest.it(
    'refuses to read or write a build with columns that the code does not declare',
    async () => {
      const { table, given } = anyModel(place)
      const build = await given.build()
      await given.write(build, [row('a', documentOf())])
      const columns = { ...contractColumns, count: integer }
      const changed = new PostgresReadModel({ ...options(place), table, columns })

      const facts = { code: 'BUILD_COLUMNS', build: 1, message: /count integer/ }
      await assert.rejects(changed.get('a'), facts)
      const step = await given.step(build)
      const nothing = { writes: [], park: [], unpark: [] }
      await assert.rejects(changed.storage.commit(build, step, nothing), facts)
    },
  )

  jest.it('does not go back to a build that is live no more', async () => {
    const { table, second, old } = await successive(place, { cents: integer })
    const next = await second.buildBeside()
    await second.show(next)

    await second.storage.publish(old)

    assert.deepEqual(await select(place, `SELECT count(euros) FROM ${at(place, table)}`), [['0']])
  })

  jest.it('shows a build from code that declares other columns', async () => {
    const { table, second, old } = await successive(place, { cents: integer })
    const next = await second.buildBeside()
    await second.write(next, [row('a', { euros: 0.5, owner: 'Ada' })])
    const { given: other } = anyModel(place, table)

    await other.show(next)
    const shown = await select(place, `SELECT * FROM ${at(place, table)}`)
    await other.show(old)

    assert.deepEqual(shown, [['a', '1', '0.5', 'Ada']])
    assert.deepEqual(await select(place, `SELECT * FROM ${at(place, table)}`), [['a', '1', '1']])
    await assert.rejects(other.storage.load(next, ['a']), { code: 'BUILD_COLUMNS', build: 2 })
  })
}

function dependentTests(place: Place): void {
  jest.it('refuses a build that the view cannot show, because others depend on it', async () => {
    const { table, first, second, old } = await successive(place, { cents: integer })
    const view = at(place, table)
    await place.database.script(
      `CREATE VIEW ${at(place, `${table} sum`)} AS SELECT sum(cents) FROM ${view};
       CREATE MATERIALIZED VIEW ${at(place, `${table}_all`)} AS SELECT * FROM ${view};
       CREATE FUNCTION ${at(place, `${table}_of`)}(r ${view}) RETURNS integer LANGUAGE sql AS 'SELECT 1';
       CREATE TABLE ${at(place, `${table}_mine`)} (mine integer);
       CREATE RULE counted AS ON INSERT TO ${at(place, `${table}_mine`)} DO ALSO SELECT count(*) FROM ${view}`,
    )

    const prepared = second.buildBeside()

    await assert.rejects(prepared, {
      code: 'VIEW_IN_USE',
      retryable: false,
      dependents: [
        `function ${place.schema}.${table}_of(${place.schema}.${table})`,
        `materialized view ${place.schema}.${table}_all`,
        `rule counted on ${place.schema}.${table}_mine`,
        `view ${place.schema}."${table} sum"`,
      ],
    })
    assert.deepEqual(await select(place, `SELECT cents FROM ${view}`), [['1']])
    const { building } = await second.builds()
    assert(building !== undefined)
    assert.deepEqual(await relations(place, `${table}_b${building.number}`), [])
    await first.write(old, [row('b', { cents: 2 })])
  })

  jest.it('makes and shows that build when nothing depends on the view any more', async () => {
    const { table, second } = await successive(place, { cents: integer })
    const other = at(place, `${table}_others`)
    await place.database.script(`CREATE VIEW ${other} AS SELECT cents FROM ${at(place, table)}`)
    await assert.rejects(second.buildBeside(), { code: 'VIEW_IN_USE' })
    await place.database.script(`DROP VIEW ${other}`)
    const { building } = await second.builds()
    assert(building !== undefined)

    await second.storage.prepare(building)
    await second.show(building)

    const shown = await select(place, `SELECT count(euros) FROM ${at(place, table)}`)
    assert.deepEqual(shown, [['0']])
  })

  jest.it('refuses to show a build when others came to depend on the view meanwhile', async () => {
    const { table, second } = await successive(place, { cents: integer })
    const next = await second.buildBeside()
    const other = at(place, `${table}_others`)
    await place.database.script(`CREATE VIEW ${other} AS SELECT cents FROM ${at(place, table)}`)

    await assert.rejects(second.show(next), { code: 'VIEW_IN_USE' })
    await assert.rejects(second.storage.prepare(next), { code: 'VIEW_IN_USE' })

    assert.deepEqual(await select(place, `SELECT cents FROM ${other}`), [['1']])
  })

  jest.it('keeps what depends on the view when columns come to its end', async () => {
    const { table, second } = await successive(place, { euros: double })
    const other = at(place, `${table}_others`)
    await place.database.script(
      `CREATE VIEW ${other} AS SELECT key, euros FROM ${at(place, table)}`,
    )
    const next = await second.buildBeside()
    await second.write(next, [row('a', { euros: 0.5, owner: 'Ada' })])

    await second.show(next)

    assert.deepEqual(await select(place, `SELECT * FROM ${other}`), [['a', '0.5']])
    assert.deepEqual(await select(place, `SELECT owner FROM ${at(place, table)}`), [['Ada']])
  })
}

/** A read model whose live build has other columns than the next one, which are `euros` and `owner`. */
async function successive(place: Place, columns: Record<string, Column<number>>) {
  const table = anyTable()
  const modelOf = <Document>(declared: ColumnsOf<Document>) =>
    new ContractModel(
      new PostgresReadModel<Document>({ ...options(place), table, columns: declared }) as never,
      documentOf(),
    )
  const first = modelOf(columns)
  const old = await first.build()
  await first.show(old)
  const members = Object.keys(columns).map((name) => [name, 1])
  await first.write(old, [row('a', Object.fromEntries(members) as object)])
  const second = modelOf<{ euros: number; owner: string }>({ euros: double, owner: text })
  return { table, first, second, old }
}

function nameTests(place: Place): void {
  jest.it('keeps names with quotes, capitals and spaces', async () => {
    const table = `Konto "Über" ${anyTable()}`
    const columns = { 'Der "Name"': text, select: integer, 'c-1 ': boolean }
    const model = new PostgresReadModel({ ...options(place), table, columns })
    const given = new ContractModel(model as never, documentOf())
    const build = await given.build()
    await given.storage.publish(build)
    const document = { 'Der "Name"': 'Ada', select: 1, 'c-1 ': true }

    await given.write(build, [row('a', document)])

    assert.deepEqual(await model.get('a'), document)
    const sql = `SELECT "Der ""Name""", "select", "c-1 " FROM ${at(place, table)}`
    assert.deepEqual(await select(place, sql), [['Ada', '1', 't']])
  })

  jest.it('refuses names that Postgres does not keep', () => {
    const name = (table: string) => () => new PostgresReadModel({ ...options(place), table })

    assert.throws(name('é'.repeat(26)), { name: 'TypeError', message: /51 bytes/ })
    assert.throws(name(''), TypeError)
    assert.throws(name('a\u0000'), TypeError)
    assert.doesNotThrow(name('é'.repeat(25)))
    assert.throws(
      () => new PostgresReadModel({ ...options(place), table: 'a', schema: 'x'.repeat(64) }),
      TypeError,
    )
  })

  jest.it('refuses columns that it needs itself, or that Postgres does not keep', () => {
    const declare = (columns: ColumnsOf<object>) => () =>
      new PostgresReadModel<object>({ ...options(place), table: 'a', columns })

    assert.throws(declare({ key: text }), { message: /'key' is one that every/ })
    assert.throws(declare({ position: text }), TypeError)
    assert.throws(declare({ ['c'.repeat(64)]: text }), TypeError)
  })

  jest.it.each([
    ['table', 'CREATE TABLE $ (mine integer)'],
    ['view', 'CREATE VIEW $ AS SELECT 1 AS mine'],
    ['materialized view', 'CREATE MATERIALIZED VIEW $ AS SELECT 1 AS mine'],
    ['sequence', 'CREATE SEQUENCE $'],
  ])('leaves a foreign %s of its name alone', async (_kind, create) => {
    const { table, given } = anyModel(place)
    await place.database.script(create.replace('$', at(place, table)))

    const prepared = given.build()

    await assert.rejects(prepared, { code: 'RELATION_TAKEN', relation: at(place, table) })
    assert.deepEqual(await relations(place, table), [table])
  })

  jest.it('leaves a foreign table alone that appears before the view does', async () => {
    const { table, given } = anyModel(place)
    const build = await given.build()
    await place.database.script(`CREATE TABLE ${at(place, table)} (mine integer)`)

    const published = given.storage.publish(build)

    await assert.rejects(published, { code: 'RELATION_TAKEN', relation: at(place, table) })
    assert.deepEqual(await relations(place, table), [table, `${table}_b1`])
  })

  jest.it("leaves a foreign table alone that has the name of a build's table", async () => {
    const { table, given } = anyModel(place)
    await place.database.script(`CREATE TABLE ${at(place, `${table}_b1`)} (mine integer)`)

    const prepared = given.build()

    await assert.rejects(prepared, { code: 'RELATION_TAKEN' })
    const { live } = await given.builds()
    await given.storage.drop(live)
    assert.deepEqual(await relations(place, table), [`${table}_b1`])
  })

  jest.it('leaves nothing of a build that was dropped', async () => {
    const { table, given } = anyModel(place)
    await given.build()
    const building = await given.buildBeside()
    await given.write(building, [row('a', documentOf())], { park: [parkedEvent('b', 1)] })
    const rows = async (): Promise<readonly unknown[]> => {
      const records = ['builds', 'lanes', 'parked'].map(
        (name) =>
          `SELECT count(*) FROM ${at(place, `read_model_${name}`)} WHERE table_name = '${table}' AND build = 2`,
      )
      return (await select(place, records.join(' UNION ALL '))).flat()
    }
    const before = await rows()

    await given.storage.drop(building)

    assert.deepEqual(
      [before, await rows()],
      [
        ['1', '2', '1'],
        ['0', '0', '0'],
      ],
    )
    assert.deepEqual(await relations(place, table), [`${table}_b1`])
  })

  jest.it('never gives a name of a table to two builds', async () => {
    const { table, given } = anyModel(place)
    await given.build()
    const second = await given.buildBeside()
    await given.storage.drop(second)

    await given.buildBeside()

    assert.deepEqual(await relations(place, table), [`${table}_b1`, `${table}_b3`])
  })
}

function refusalTests(place: Place): void {
  jest.it.each([
    [2 ** 31, 'integer', integer, '-2,147,483,648 to 2,147,483,647'],
    [0.5, 'integer', integer, 'whole numbers'],
    ['1', 'integer', integer, 'whole numbers'],
    [2 ** 53, 'bigint', bigint, '2^53 - 1'],
    [1.5, 'bigint', bigint, 'whole numbers'],
    [null, 'bigint', bigint, 'whole numbers'],
    [Number.NaN, 'double', double, 'finite numbers'],
    [Number.POSITIVE_INFINITY, 'double', double, 'finite numbers'],
    ['true', 'boolean', boolean, 'true and false'],
    [undefined, 'boolean', boolean, 'true and false'],
    ['a\u0000b', 'text', text, 'U+0000'],
    ['a\ud800', 'text', text, 'half surrogate pairs'],
    [1, 'text', text, 'strings'],
    [null, 'optional(text)', optional(text), 'strings'],
    [1n, 'json()', json(), 'JSON does not keep'],
    [{ at: new Date(0) }, 'json()', json(), 'it.at is a Date'],
    [undefined, 'json()', json(), 'is undefined'],
  ])('refuses %p for a column of type %s', async (value, _type, column, reason) => {
    const table = anyTable()
    const model = new PostgresReadModel({
      ...options(place),
      table,
      columns: { amount: column },
    })
    const given = new ContractModel(model as never, documentOf())
    const build = await given.build()

    const outcome = await given.storage.commit(
      build,
      await given.step(build),
      changesOf([row('account-1', { amount: value })]),
    )

    const error = refusal(outcome, 'account-1')
    assert.equal(error.code, 'COLUMN_REFUSED')
    assert.equal(error.column, 'amount')
    assert.equal(error.key, 'account-1')
    assert.equal(error.value, value)
    assert.ok(error.message.includes(reason), error.message)
    assert.deepEqual(await given.all(build), [])
  })

  jest.it('refuses a member that has no column', async () => {
    const { given } = anyModel(place)
    const build = await given.build()
    const document = { ...documentOf(), extra: 1 }

    const outcome = await given.storage.commit(
      build,
      await given.step(build),
      changesOf([row('account-1', document)]),
    )

    const error = refusal(outcome, 'account-1')
    assert.equal(error.column, 'extra')
    assert.deepEqual(await given.all(build), [])
  })

  jest.it.each([
    ['U+0000', 'a\u0000'],
    ['half a surrogate pair', '\ud800'],
    ['more than 2,600 bytes', 'é'.repeat(1301)],
  ])('refuses a key with %s', async (_what, key) => {
    const { given } = anyModel(place)
    const build = await given.build()

    const outcome = await given.storage.commit(
      build,
      await given.step(build),
      changesOf([row(key, documentOf())]),
    )

    const error = refusal(outcome, key)
    assert.equal(error.column, 'key')
    assert.match(error.message, /up to 2600 bytes/)
  })

  jest.it('keeps the longest keys, however little they can be compressed', async () => {
    const { given } = anyModel(place)
    const build = await given.build()
    const keys = [randomBytes(1300).toString('hex'), 'é'.repeat(1300)]

    await given.write(
      build,
      keys.map((key) => row(key, documentOf())),
    )

    assert.equal((await given.storage.load(build, keys)).size, 2)
  })
}

function columnTests(place: Place): void {
  jest.it('keeps null and absent apart where a member can be both', async () => {
    interface Document {
      readonly hint?: string | null
    }
    const columns = { hint: optional(json<string | null>()) }
    const model = new PostgresReadModel<Document>({
      ...options(place),
      table: anyTable(),
      columns,
    })
    const given = new ContractModel(model as never, documentOf())
    const build = await given.build()
    const documents: readonly Document[] = [{}, { hint: null }, { hint: 'null' }]

    await given.write(
      build,
      documents.map((document, index) => row(`key-${index}`, document)),
    )

    const found = await model.getMany(['key-0', 'key-1', 'key-2'])
    assert.deepEqual([...found.values()].map((each) => JSON.stringify(each)).toSorted(), [
      '{"hint":"null"}',
      '{"hint":null}',
      '{}',
    ])
  })

  jest.it('refuses a column whose NULL would stand for two things', () => {
    assert.throws(() => optional(optional(text)), { name: 'TypeError', message: /one thing/ })
  })

  jest.it('keeps documents without any member', async () => {
    const model = new PostgresReadModel<object>({
      ...options(place),
      table: anyTable(),
      columns: {},
    })
    const given = new ContractModel(model as never, documentOf())
    const build = await given.build()

    await given.write(build, [row('a', {}), row('b', {})])

    assert.deepEqual(
      (await given.all(build)).map(({ document }) => document),
      [{}, {}],
    )
  })
}

function scanTests(place: Place): void {
  jest.it('ends a page of a scan where its documents grow too large', async () => {
    const { given } = anyModel(place)
    const build = await given.build()
    const writes = Array.from({ length: 12 }, (_, index) =>
      row(`key-${index}`, documentOf({ title: 'x'.repeat(2 ** 20), lines: 'y'.repeat(2 ** 20) })),
    )
    await given.write(build, writes)

    const sizes: number[] = []
    for await (const page of given.storage.scan(build)) sizes.push(page.length)

    assert.deepEqual(sizes, [2, 2, 2, 2, 2, 2])
  })
}

const anyTable = (): string => `documents_${randomBytes(6).toString('hex')}`

const options = ({ database, schema }: Place) =>
  ({ database, schema, recordsSchema: schema }) as const

function anyModel(
  place: Place,
  table = anyTable(),
): { readonly table: string; readonly given: ContractModel } {
  const model = new PostgresReadModel({ ...options(place), table, columns: contractColumns })
  return { table, given: new ContractModel(model, documentOf()) }
}

/** Documents of other types than the contract's pass through its helpers unseen. */
const row = (key: string, document: object) => ({
  key,
  document: document as ReturnType<typeof documentOf>,
  position: globalPosition(1),
})

const at = ({ schema }: Place, name: string): string =>
  `"${schema}"."${name.replaceAll('"', '""')}"`

const select = ({ database }: Place, sql: string) => database.query({ text: sql })

/** Names of the tables and views of a read model. */
async function relations({ database, schema }: Place, table: string): Promise<readonly unknown[]> {
  const rows = await database.query(
    {
      text: `SELECT relname FROM pg_class WHERE relnamespace = quote_ident($1)::regnamespace AND relkind <> 'i' AND starts_with(relname, $2) ORDER BY 1`,
    },
    [schema, table],
  )
  return rows.flat()
}

function refusal(
  outcome: string | { readonly refused: ReadonlyMap<string, Error> },
  key: string,
): Error & { code?: string; column?: string; key?: string; value?: unknown } {
  assert(typeof outcome === 'object')
  assert.deepEqual([...outcome.refused.keys()], [key])
  return outcome.refused.get(key) as Error
}
