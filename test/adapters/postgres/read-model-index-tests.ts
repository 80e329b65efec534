import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import * as jest from '@jest/globals'
import {
  bigint,
  json,
  nullable,
  PostgresReadModel,
  text,
  type PostgresReadModelOptions,
} from '../../../src/adapters/postgres/index.ts'
import { globalPosition } from '../../../src/event-store/global-position.ts'
import {
  changesOf,
  documentOf,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { ContractModel } from '../../../src/testing/contracts/read-model/contract-model.ts'
import type { Place } from './read-model-tests.ts'

interface Account {
  readonly owner: string
  readonly cents: number
  readonly note: string | null
  readonly lines: readonly number[]
}

type Indexes = NonNullable<Parameters<typeof model>[2]>

const columns = {
  owner: text,
  cents: bigint,
  note: nullable(text),
  lines: json<readonly number[]>(),
}

/** The indexes of builds, on any `Database`. */
export function postgresIndexTests(place: Place): void {
  jest.it('makes the indexes of a build when it is finished, not before', async () => {
    const { table, given } = model(place, anyTable(), [
      { columns: ['owner', 'key'] },
      { columns: ['position'] },
    ])
    const build = await given.build()
    const before = await indexes(place, `${table}_b1`)

    await given.storage.finish(build)

    const found = await indexes(place, `${table}_b1`)
    assert.deepEqual(before, [])
    assert.deepEqual(
      found.map(({ list }) => list),
      ['"position"', 'owner, key'],
    )
    for (const { name } of found) assert.match(name, /_b1_i[\da-f]{12}$/)
  })

  jest.it.each(['live', 'building'] as const)(
    'makes what is missing and drops what is not declared any more: %s',
    async (kind) => {
      const table = anyTable()
      const { given } = model(place, table, [{ columns: ['owner'] }, { columns: ['cents'] }])
      const live = await given.build()
      const build = kind === 'live' ? live : await given.buildBeside()
      await given.write(build, [row('a'), row('b')])
      const built = `${table}_b${build.number}`
      await given.storage.finish(build)
      const first = await indexes(place, built)
      await place.database.script(`CREATE INDEX ON ${at(place, built)} (note)`)
      const changed = model(place, table, [{ columns: ['cents'] }, { columns: ['cents', 'owner'] }])

      await changed.given.storage.finish(build)
      await changed.given.storage.finish(build)
      const second = await indexes(place, built)
      await model(place, table).given.storage.finish(build)

      assert.deepEqual(
        second.map(({ list }) => list),
        ['cents', 'cents, owner', 'note'],
      )
      assert.equal(second[0]?.oid, first.find(({ list }) => list === 'cents')?.oid)
      assert.deepEqual(
        (await indexes(place, built)).map(({ list }) => list),
        ['note'],
      )
    },
  )

  jest.it('makes an index anew whose making was interrupted', async () => {
    const { table, given } = model(place, anyTable(), [{ columns: ['owner'] }])
    const build = await given.build()
    await given.storage.finish(build)
    const [made] = await indexes(place, `${table}_b1`)
    await place.database.script(
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = ${made?.oid ?? ''}`,
    )

    await given.storage.finish(build)

    const [again, ...others] = await indexes(place, `${table}_b1`)
    assert.deepEqual([again?.name, again?.isValid, others], [made?.name, true, []])
    assert.notEqual(again?.oid, made?.oid)
  })

  jest.it('names indexes by their build, and drops them with it', async () => {
    const { table, given } = model(place, anyTable(), [{ columns: ['owner'] }])
    await given.storage.finish(await given.build())
    const second = await given.buildBeside()
    await given.storage.finish(second)
    const [name = ''] = (await indexes(place, `${table}_b2`)).map((index) => index.name)

    await given.storage.drop(second)
    const third = await given.buildBeside()
    await given.storage.finish(third)

    assert.deepEqual(await relation(place, name), [])
    assert.deepEqual(
      (await indexes(place, `${table}_b3`)).map((index) => index.name.replace('_b3_', '_b2_')),
      [name],
    )
    assert.equal((await indexes(place, `${table}_b1`)).length, 1)
  })

  jest.it('keeps indexes apart of tables whose long names begin alike', async () => {
    const start = `"Ü" ${'ü'.repeat(22)}`
    for (const end of ['a', 'b']) {
      const table = `${start}${end}`
      const { given } = model(place, table, [{ columns: ['owner'] }, { columns: ['note', 'key'] }])
      const build = await given.build()

      await given.storage.finish(build)

      const found = await indexes(place, `${table}_b1`)
      assert.deepEqual(
        found.map(({ list }) => list),
        ['note, key', 'owner'],
      )
      for (const { name } of found) assert.ok(Buffer.byteLength(name) <= 63, name)
    }
  })

  jest.it('says so when something else has the name of an index', async () => {
    const { table, given } = model(place, anyTable(), [{ columns: ['owner'] }])
    const build = await given.build()
    await given.storage.finish(build)
    const [{ name } = { name: '' }] = await indexes(place, `${table}_b1`)
    await place.database.script(
      `DROP INDEX ${at(place, name)}; CREATE TABLE ${at(place, name)} (mine integer)`,
    )

    const finished = given.storage.finish(build)

    await assert.rejects(finished, { code: 'DATABASE_ERROR', sqlState: '42P07' })
  })

  jest.it('quotes the names of indexed columns', async () => {
    const table = anyTable()
    const declared = { 'Der "Name"': text, select: text }
    const read = new PostgresReadModel<Record<keyof typeof declared, string>>({
      ...{ ...options(place), table, columns: declared },
      indexes: [{ columns: ['Der "Name"', 'select'] }],
    })
    const given = new ContractModel(read as never, documentOf())
    const build = await given.build()

    await given.storage.finish(build)

    const [found] = await indexes(place, `${table}_b1`)
    assert.equal(found?.list, '"Der ""Name""", "select"')
  })

  jest.it('refuses indexes that cannot be made', () => {
    const declare = (...names: string[]) => {
      model(place, anyTable(), [{ columns: names }] as unknown as Indexes)
    }

    assert.throws(() => {
      declare('owner', 'extra')
    }, /'extra' of an index is not among the columns/)
    const inJson = () =>
      new PostgresReadModel<Account>({
        ...{ ...options(place), table: 'a', indexes: [{ columns: ['owner'] }] },
      })
    assert.throws(inJson, /'owner' of an index is not .*: key, position, document\./)
    assert.throws(() => {
      declare('lines')
    }, /'lines' holds JSON, which has no order/)
    assert.throws(() => {
      declare()
    }, /1 to 32 columns, not 0/)
    assert.throws(() => {
      declare(...Array<string>(33).fill('owner'))
    }, /not 33/)
  })

  jest.it('refuses documents whose text no index could hold', async () => {
    const { given } = model(place, anyTable(), [{ columns: ['owner', 'note'] }])
    const build = await given.build()
    await given.storage.finish(build)
    const longest = randomBytes(600).toString('hex')
    const fits = row('a', { owner: longest, note: longest })
    const exceeds = row('b', { owner: `${longest}x`, note: longest })
    const unindexed = row('c', { owner: '', lines: Array(5000).fill(1.5) as number[] })

    const step = await given.step(build)
    const outcome = await given.storage.commit(build, step, changesOf([fits, exceeds]))
    await given.write(build, [fits, unindexed])

    assert(typeof outcome === 'object')
    const error = outcome.refused.get('b') as Error & { code?: string; column?: string }
    assert.deepEqual([...outcome.refused.keys()], ['b'])
    assert.deepEqual([error.code, error.column], ['COLUMN_REFUSED', 'owner'])
    assert.match(error.message, /index on owner, note holds up to 2400 bytes/)
  })

  jest.it('leaves the indexes of a build alone that has other columns', async () => {
    const table = anyTable()
    const { given } = model(place, table, [{ columns: ['owner'] }])
    const build = await given.build()
    await given.storage.finish(build)
    const other = new PostgresReadModel<{ owner: string }>({
      ...{ ...options(place), table, columns: { owner: text } },
    })

    await assert.rejects(other.storage.finish(build), { code: 'BUILD_COLUMNS', build: 1 })

    assert.equal((await indexes(place, `${table}_b1`)).length, 1)
  })
}

/** Checked by the compiler, never called. */
export function indexTypes({ database }: Place): void {
  const typed = { database, table: 'accounts', columns }
  new PostgresReadModel<Account>({ ...typed, indexes: [{ columns: ['owner', 'key', 'position'] }] })
  new PostgresReadModel({ ...typed, indexes: [{ columns: ['cents'] }] })
  // @ts-expect-error a column that no member has
  new PostgresReadModel<Account>({ ...typed, indexes: [{ columns: ['extra'] }] })
  // @ts-expect-error the same, where the document's type follows from its columns
  new PostgresReadModel({ ...typed, indexes: [{ columns: ['extra'] }] })
}

function model(
  place: Place,
  table = anyTable(),
  declared: NonNullable<PostgresReadModelOptions<Account>['indexes']> = [],
) {
  const read = new PostgresReadModel<Account>({
    ...{ ...options(place), table, columns, indexes: declared },
  })
  return { table, given: new ContractModel(read as never, documentOf()) }
}

const anyTable = (): string => `accounts_${randomBytes(6).toString('hex')}`

const options = ({ database, schema }: Place) =>
  ({ database, schema, recordsSchema: schema }) as const

/** Passes through the contract's helpers unseen. */
function row(key: string, changes: Partial<Account> = {}) {
  const document: Account = { owner: 'Ada', cents: 1, note: null, lines: [], ...changes }
  return { key, document: document as never, position: globalPosition(1) }
}

const at = ({ schema }: Place, name: string): string =>
  `"${schema}"."${name.replaceAll('"', '""')}"`

/** The indexes of a table beside that of its key, in the order of their columns. */
async function indexes(place: Place, table: string) {
  const rows = await place.database.query(
    {
      text: `
SELECT i.relname, i.oid, x.indisvalid, array_to_string(ARRAY(
  SELECT pg_get_indexdef(i.oid, n, false) FROM generate_series(1, x.indnatts) AS n ORDER BY n
), ', ') AS list
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = $1::regclass AND NOT x.indisprimary`,
    },
    [at(place, table)],
  )
  return rows
    .map(([name, oid, isValid, list]) => ({
      ...{ name: name ?? '', oid, isValid: isValid === 't', list: list ?? '' },
    }))
    .toSorted((one, other) => (one.list < other.list ? -1 : 1))
}

const relation = ({ database }: Place, name: string) =>
  database.query({ text: 'SELECT 1 FROM pg_class WHERE relname = $1' }, [name])
