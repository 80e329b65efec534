import { beforeAll, describe, expect } from '@jest/globals'
import { DatabaseError, type Database } from '../../../src/adapters/postgres/index.ts'

/** What both implementations of the `Database` port promise. */
export function databaseTests(
  test: (name: string, run: () => Promise<void>) => void,
  open: () => Database,
  schema: string,
): void {
  const table = `${schema}.notes`
  let database: Database

  beforeAll(async () => {
    database = open()
    await database.script(
      `CREATE SCHEMA ${schema}; CREATE TABLE ${table} (id integer PRIMARY KEY, note text)`,
    )
  })

  const notes = async (...ids: readonly number[]): Promise<readonly unknown[]> => {
    const text = `SELECT note FROM ${table} WHERE id = ANY ($1::integer[]) ORDER BY id`
    return (await database.query({ text }, [ids])).flat()
  }

  describe('rows', () => {
    test('come as texts and nulls, in the order of the columns', async () => {
      const text = `SELECT 1, 9007199254740993, 1.50, true, NULL, '{"a": 1}'::json, ARRAY[1, 2], '\\x00ff'::bytea, 'ä€😀', ''`

      const rows = await database.query({ text })

      expect(rows).toEqual([
        ['1', '9007199254740993', '1.50', 't', null, '{"a": 1}', '{1,2}', '\\x00ff', 'ä€😀', ''],
      ])
    })

    test('come in their order, however many', async () => {
      const text = "SELECT n, repeat('x', n % 300) FROM generate_series(1, 20000) n"

      const rows = await database.query({ text })

      expect(rows.map(([n]) => Number(n))).toEqual(
        Array.from({ length: 20_000 }, (_, index) => index + 1),
      )
      expect(rows[299 - 1]).toEqual(['299', 'x'.repeat(299)])
    })

    test('go in their order to who takes them, and to nobody else', async () => {
      const taken: unknown[] = []
      const text = 'SELECT n, NULL FROM generate_series(1, 5000) n'

      const rows = await database.query({ text, name: 'taken', take: (row) => taken.push(row) })

      expect(rows).toEqual([])
      expect(taken).toEqual(Array.from({ length: 5000 }, (_, index) => [`${index + 1}`, null]))
    })

    test('fail their statement with what their taker throws, and get no further', async () => {
      const taken: unknown[] = []
      const take = (row: unknown): void => {
        taken.push(row)
        throw new RangeError('Enough.')
      }

      const query = database.query({
        text: 'SELECT n FROM generate_series(1, 9) n',
        name: 'n',
        take,
      })

      await expect(query).rejects.toThrow(new RangeError('Enough.'))
      expect(taken).toEqual([['1']])
      expect(await database.query({ text: 'SELECT 1' })).toEqual([['1']])
    })

    test('are none for a statement that gives none', async () => {
      const rows = await database.query({ text: `DELETE FROM ${table} WHERE id < 0` })

      expect(rows).toEqual([])
    })
  })

  describe('parameters', () => {
    test('keep their values', async () => {
      const text =
        'SELECT $1::text, $2::integer, $3::bigint, $4::boolean, $5::text, $6::double precision'

      const rows = await database.query({ text }, [
        'a\'"\\ä😀',
        -7,
        2n ** 63n - 1n,
        false,
        null,
        1.5e-9,
      ])

      expect(rows).toEqual([['a\'"\\ä😀', '-7', '9223372036854775807', 'f', null, '1.5e-09']])
    })

    test('keep the values of lists', async () => {
      const hard = ['', 'null', 'NULL', 'a,b', '{c}', '"d"', '\\', '\\"', ' e ', 'ä😀', '\n']
      const text = 'SELECT unnest($1::text[]), unnest($2::bigint[])'

      const rows = await database.query({ text }, [
        [...hard, null],
        [1n, null],
      ])

      expect(rows.map(([value]) => value)).toEqual([...hard, null])
      expect(rows.slice(0, 3).map(([, value]) => value)).toEqual(['1', null, null])
    })

    test('keep the values of lists that hold one hard text each', async () => {
      const hard = [
        '',
        'null',
        'a,b',
        '{c}',
        '"d"',
        '\\',
        'C:\\n',
        '\\"',
        '\n',
        '\t',
        '\u0001',
        'ä😀',
        '\u2028',
      ]

      const found = await Promise.all(
        hard.map(async (value) => {
          const rows = await database.query({ text: 'SELECT unnest($1::text[])' }, [
            ['x', value, null],
          ])
          return rows.map(([text]) => text)
        }),
      )

      expect(found).toEqual(hard.map((value) => ['x', value, null]))
    })

    test('may be an empty list', async () => {
      const rows = await database.query({ text: 'SELECT cardinality($1::text[])' }, [[]])

      expect(rows).toEqual([['0']])
    })

    test('go to a prepared statement again and again', async () => {
      const statement = { text: 'SELECT $1::integer + 1', name: 'increment' }

      const results = [
        await database.query(statement, [1]),
        await database.query(statement, [2]),
        await database.query(statement, [null]),
      ]

      expect(results.flat(2)).toEqual(['2', '3', null])
    })
  })

  describe('failures', () => {
    test('tell the SQLSTATE and the constraint', async () => {
      await database.query({ text: `INSERT INTO ${table} VALUES (1, 'once')` })

      const repeated = database.query({ text: `INSERT INTO ${table} VALUES (1, 'twice')` })

      await expect(repeated).rejects.toThrow(DatabaseError)
      await expect(repeated).rejects.toMatchObject({
        code: 'DATABASE_ERROR',
        sqlState: '23505',
        constraint: expect.stringMatching(/_pkey$/),
        retryable: false,
      })
    })

    test('leave the database usable', async () => {
      await expect(database.query({ text: 'SELECT 1 FROM nowhere' })).rejects.toThrow(DatabaseError)

      const rows = await database.query({ text: 'SELECT 2' })

      expect(rows).toEqual([['2']])
    })

    test('of a prepared statement leave its name usable', async () => {
      const statement = { text: 'SELECT 10 / $1::integer', name: 'share' }
      await expect(database.query(statement, [0])).rejects.toMatchObject({ sqlState: '22012' })
      await expect(database.query(statement, ['x'])).rejects.toMatchObject({ sqlState: '22P02' })

      const rows = await database.query(statement, [5])

      expect(rows).toEqual([['2']])
    })

    test('of a statement that cannot be prepared come each time', async () => {
      const statement = { text: 'SELECT 1 FROM nowhere', name: 'nowhere' }
      await expect(database.query(statement)).rejects.toMatchObject({ sqlState: '42P01' })

      const again = database.query(statement)

      await expect(again).rejects.toMatchObject({ sqlState: '42P01' })
    })
  })

  describe('transactions', () => {
    test('write all', async () => {
      await database.transaction(async (session) => {
        await session.query({ text: `INSERT INTO ${table} VALUES (10, 'ten')` })
        await session.query({ text: `INSERT INTO ${table} VALUES (11, $1)` }, ['eleven'])
      })

      expect(await notes(10, 11)).toEqual(['ten', 'eleven'])
    })

    test('write nothing when the work throws, and pass its error on', async () => {
      const work = database.transaction(async (session) => {
        await session.query({ text: `INSERT INTO ${table} VALUES (20, 'twenty')` })
        throw new RangeError('changed my mind')
      })

      await expect(work).rejects.toThrow(new RangeError('changed my mind'))
      expect(await notes(20)).toEqual([])
    })

    test('fail when a statement failed and the work went on', async () => {
      const work = database.transaction(async (session) => {
        await session.query({ text: `INSERT INTO ${table} VALUES (30, 'thirty')` })
        await session.query({ text: 'SELECT 1 / 0' }).catch(() => undefined)
      })

      await expect(work).rejects.toMatchObject({ sqlState: '22012' })
      expect(await notes(30)).toEqual([])
    })
  })

  describe('scripts', () => {
    test('run several statements', async () => {
      await database.script(
        `INSERT INTO ${table} VALUES (40, 'a;b'); INSERT INTO ${table} VALUES (41, 'c')`,
      )

      expect(await notes(40, 41)).toEqual(['a;b', 'c'])
    })

    test('run whole or not at all', async () => {
      const script = database.script(`INSERT INTO ${table} VALUES (50, 'x'); SELECT 1 / 0`)

      await expect(script).rejects.toMatchObject({ sqlState: '22012' })
      expect(await notes(50)).toEqual([])
    })
  })

  describe('sessions', () => {
    test('keep one connection', async () => {
      const pids = await database.session(async (session) => [
        await session.query({ text: 'SELECT pg_backend_pid()' }),
        await session.query({ text: 'SELECT pg_backend_pid()' }),
      ])

      expect(pids[0]).toEqual(pids[1])
    })

    test('keep what was written before they failed', async () => {
      const work = database.session(async (session) => {
        await session.query({ text: `INSERT INTO ${table} VALUES (60, 'sixty')` })
        throw new RangeError('enough')
      })

      await expect(work).rejects.toThrow(RangeError)
      expect(await notes(60)).toEqual(['sixty'])
    })
  })
}
