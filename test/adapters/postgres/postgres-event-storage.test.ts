import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import { EventSchema } from '../../../src/adapters/postgres/schema/event-schema.ts'
import { PostgresEventStorage } from '../../../src/adapters/postgres/postgres-event-storage.ts'
import { jsonListText } from '../../../src/adapters/postgres/database/parameter-text.ts'
import { partOf } from '../../../src/event-store/stream-partition.ts'
import { StoredRow } from '../../../src/adapters/postgres/log/stored-row.ts'
import { SchemaSql } from '../../../src/adapters/postgres/schema/schema-sql.ts'
import {
  millisecondsOfEpoch,
  millisecondsOfHex,
  timestampText,
} from '../../../src/adapters/postgres/database/timestamp.ts'
import {
  streamId,
  type Checkpoint,
  type EventToStore,
  type GlobalPosition,
  type LogRange,
} from '../../../src/index.ts'
import { streamPage } from '../../event-store/stream-page.ts'

const database = await pglite()
const storage = new PostgresEventStorage(new EventSchema(database, 'everfold'))

afterAll(() => database.close())

const anyEvent = (): EventToStore => ({
  id: randomUUID(),
  type: 'MoneyDeposited',
  schemaVersion: 1,
  data: '{"cents": 100}',
  metadata: '{}',
  occurredAtMs: undefined,
})

const ALL: LogRange = {
  after: undefined,
  until: undefined,
  types: undefined,
  categories: undefined,
  limit: 10,
}

describe('PostgresEventStorage', () => {
  const places: Checkpoint[] = []

  beforeAll(async () => {
    for (let appends = 0; appends < 30; appends++) {
      const events = Array.from({ length: 100 }, anyEvent)
      const append = { streamId: streamId('account', String(appends)), events }
      const [verdict] = await storage.append([
        { ...append, expectedVersion: 'no-stream', commandId: undefined },
      ])
      const positions = verdict?.status === 'appended' ? verdict.positions : []
      positions.forEach((position, index) =>
        places.push({ position, eventId: events[index]?.id ?? '' }),
      )
    }
  })

  test('draws positions in the order of the events', () => {
    const positions = places.map(({ position }) => position)

    expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(new Set(positions).size).toBe(3000)
  })

  test('never lets through fall behind the checkpoint, although until does', async () => {
    const [first, second] = places

    const page = await storage.readAllPage({ ...ALL, after: second, until: first?.position })

    expect(page).toMatchObject({ events: [], through: second })
  })

  test('looks through to the end of the log when less than a page is left', async () => {
    const after = places.at(-4)

    const page = await storage.readAllPage({ ...ALL, after })

    expect(page.events).toHaveLength(3)
    expect(page.through).toEqual(places.at(-1))
    expect(page.head).toEqual(places.at(-1))
  })

  test('looks through to the greatest position there is, when until names none', async () => {
    await database.query({ text: "SELECT nextval('everfold.events_position_seq')" })
    const until = (places.at(-1)?.position ?? 0n) + 1n

    const page = await storage.readAllPage({
      ...ALL,
      until: until as GlobalPosition,
      types: ['Other'],
    })

    expect(page.through).toEqual(places.at(-1))
  })

  test('gives with a page that goes on what was appended since the one before', async () => {
    const { through } = await storage.readAllPage({ ...ALL, after: places.at(-2) })
    const append = { streamId: streamId('account', 'late'), events: [anyEvent()] }
    await storage.append([{ ...append, expectedVersion: 'no-stream', commandId: undefined }])

    const until = ((through?.position ?? 0n) + 10n) as GlobalPosition
    const page = await storage.readAllPage({ ...ALL, after: through, until, isBelowHead: true })

    expect(page.events).toMatchObject([{ streamId: 'account-late' }])
  })

  test('leaves out the events of other parts on the server', async () => {
    const all = { ...ALL, limit: 10_000 }
    const { events } = await storage.readAllPage(all)
    const partition = { count: 3, parts: [0, 2] }

    const page = await storage.readAllPage({ ...all, partition })

    expect(page.events.length).toBeGreaterThan(0)
    expect(page.events).toEqual(events.filter(({ streamId }) => partOf(streamId, 3) !== 1))
    expect(page.events.length).toBeLessThan(events.length)
  })

  test('has the hash of parts on the server', async () => {
    const texts = fc.sample(fc.string({ unit: 'grapheme', maxLength: 80 }), 1000)
    texts.push('', 'x'.repeat(5000), 'é'.repeat(3000))
    const text = 'SELECT (hashtext(key) & 2147483647) % 64 FROM unnest($1::text[]) key'

    const rows = await database.query({ text }, [texts.filter((key) => !key.includes('\0'))])

    const parts = texts.filter((key) => !key.includes('\0')).map((key) => partOf(key, 64))
    expect(rows.map(([part]) => Number(part))).toEqual(parts)
  })

  test.each([
    { every_type: true, every_category: true, every_part: true },
    { every_type: false, every_category: true, every_part: true },
    { every_type: true, every_category: false, every_part: true },
    { every_type: false, every_category: false, every_part: true },
    { every_type: true, every_category: true, every_part: false },
    { every_type: false, every_category: false, every_part: false },
  ])('reads a page without sorting the rest of the log: %j', async (flags) => {
    const { text } = new SchemaSql('everfold').query('read_all', flags)

    const plan = await database.session(async (session) => {
      await session.script(`SET plan_cache_mode TO force_generic_plan; PREPARE page AS ${text}`)
      const call =
        "EXECUTE page (0, NULL, 3000, NULL, ARRAY['a', 'b'], ARRAY['c'], 2000, 4, ARRAY[0, 2], 'a')"
      const rows = await session.query({ text: `EXPLAIN ${call}` })
      await session.script('DEALLOCATE page; RESET plan_cache_mode')
      return rows.join('\n')
    })

    expect(plan).toContain('Index Scan using events_pkey')
    expect(plan).not.toContain('Sort')
  })
})

test('tells the type of each event, whatever others read meanwhile', async () => {
  const mixed = new PostgresEventStorage(new EventSchema(database, 'mixed'))
  const types = ['Opened', 'Deposited', 'Deposited', 'Opened', 'Opened', 'Deposited']
  const events = types.map((type) => ({ ...anyEvent(), type }))
  const append = { streamId: streamId('account', '1'), expectedVersion: 'no-stream' as const }
  await mixed.append([{ ...append, events, commandId: undefined }])
  const typesOf = async (range: Partial<LogRange>) => {
    const page = await mixed.readAllPage({ ...ALL, limit: 100, ...range })
    return page.events.map(({ type }) => type)
  }

  const alone = await typesOf({})
  const together = await Promise.all([typesOf({ types: ['Opened'] }), typesOf({})])

  expect(alone).toEqual(types)
  expect(together).toEqual([['Opened', 'Opened', 'Opened'], types])
})

describe('pages with large events', () => {
  const large = new PostgresEventStorage(new EventSchema(database, 'large'))
  const account = streamId('account', '1')
  const big = (type: string): EventToStore => ({
    ...anyEvent(),
    type,
    data: JSON.stringify({ memo: 'x'.repeat(5_000_000) }), // in the database a hundredth of it
  })
  const small = Array.from({ length: 3 }, anyEvent)
  const stream = { fromVersion: 1, toVersion: undefined, limit: 100 }
  const versions = ({ events }: { readonly events: readonly { version: number }[] }) =>
    events.map(({ version }) => version)

  // 1 to 3 are small, 4 is large, 5 to 7 small, 8 large, 9 larger than a page on its own, 10 to 12 small
  beforeAll(async () => {
    const huge = { ...anyEvent(), data: JSON.stringify({ memo: 'x'.repeat(9_000_000) }) }
    const groups = [small, [big('Scanned')], small, [big('Filmed')], [huge], small]
    const events = groups.flat().map((event) => ({ ...event, id: randomUUID() }))
    await large.append([
      { streamId: account, events, expectedVersion: 'no-stream', commandId: undefined },
    ])
  })

  test('end before they hold more than 8 MB of them (log)', async () => {
    const first = await large.readAllPage({ ...ALL, limit: 100 })
    const second = await large.readAllPage({ ...ALL, limit: 100, after: first.through })
    const third = await large.readAllPage({ ...ALL, limit: 100, after: second.through })

    expect([first, second, third].map(versions)).toEqual([
      [1, 2, 3, 4, 5, 6, 7],
      [8],
      [9, 10, 11, 12],
    ])
  })

  test('say that more may come, and look no further than they hold', async () => {
    const page = await large.readAllPage({ ...ALL, limit: 100 })

    const last = page.events.at(-1)
    expect(page).toMatchObject({
      isFull: true,
      through: { position: last?.position, eventId: last?.id },
    })
    expect(page.head?.position).toBeGreaterThan(last?.position ?? 0n)
  })

  test('are cut by the events that were asked for only', async () => {
    const page = await large.readAllPage({ ...ALL, limit: 100, types: ['Scanned', 'Other'] })

    expect(versions(page)).toEqual([4])
    expect(page).toMatchObject({ isFull: false, through: page.head })
  })

  test('end before they hold more than 8 MB of them (stream, forwards)', async () => {
    const first = await streamPage(large, account, { ...stream, direction: 'forwards' })
    const second = await streamPage(large, account, {
      ...stream,
      direction: 'forwards',
      fromVersion: 8,
    })

    expect([first, second].map(versions)).toEqual([[1, 2, 3, 4, 5, 6, 7], [8]])
    expect([first.version, second.version]).toEqual([12, 12])
  })

  test('end before they hold more than 8 MB of them (stream, backwards)', async () => {
    const first = await streamPage(large, account, { ...stream, direction: 'backwards' })
    const second = await streamPage(large, account, {
      ...stream,
      direction: 'backwards',
      toVersion: 8,
    })

    expect([first, second].map(versions)).toEqual([
      [12, 11, 10, 9],
      [8, 7, 6, 5],
    ])
  })
})

describe('moments', () => {
  const YEAR_4700_BC = Date.UTC(-4699, 0)
  const GREATEST = 8.64e15

  /** Both ways in which moments are read. */
  const roundTrip = async (...moments: readonly number[]): Promise<readonly number[][]> => {
    const text = `SELECT extract(epoch FROM moment), encode(timestamptz_send(moment), 'hex') FROM unnest($1::timestamptz[]) moment`
    const rows = await database.query({ text }, [moments.map(timestampText)])
    return rows.map(([seconds, sent]) => [
      millisecondsOfEpoch(seconds ?? ''),
      millisecondsOfHex(sent ?? ''),
    ])
  }
  const twice = (moments: readonly number[]): readonly number[][] => moments.map((ms) => [ms, ms])

  test('come back to the millisecond at the edges', async () => {
    const year1 = new Date('0001-01-01T00:00:00.000Z').getTime()
    const edges = [
      YEAR_4700_BC,
      year1 - 1,
      year1,
      -1,
      0,
      1,
      253_402_300_799_999,
      253_402_300_800_000,
      GREATEST,
    ]

    expect(await roundTrip(...edges)).toEqual(twice(edges))
  })

  test('come back to the millisecond, whatever the session', async () => {
    await database.script(
      "SET TimeZone TO 'America/St_Johns'; SET DateStyle TO 'SQL, DMY'; SET bytea_output TO 'escape'",
    )

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: YEAR_4700_BC, max: GREATEST }), {
          minLength: 50,
          maxLength: 200,
        }),
        async (moments) => {
          expect(await roundTrip(...moments)).toEqual(twice(moments))
        },
      ),
      { numRuns: 30 },
    )

    await database.script('RESET TimeZone; RESET DateStyle; RESET bytea_output')
  })
})

test('reads positions of any size, and versions, exactly', () => {
  const moment = '0002f9a1b2c3d4e5'
  const id = randomUUID()
  const account = streamId('account', '1')

  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      (position, version) => {
        const header = `${id} ${moment}  ${position} ${version} 3 {"userId":"7"}`

        const row = new StoredRow(account, 'Opened', [null, header, '{}'])

        expect(row).toMatchObject({ position, version, schemaVersion: 3, id })
        expect(row.metadata).toBe('{"userId":"7"}')
      },
    ),
  )
})

test('gives lists of JSON texts to the server as they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.json(), { minLength: 1 }), async (texts) => {
      const rows = await database.query({ text: 'SELECT unnest($1::json[])' }, [
        jsonListText(texts),
      ])

      expect(rows.flat()).toEqual(texts)
    }),
    { examples: [[['"\\\\n \\" \\ud800 \\u0001 , {} \\\\\\\\"', '{"é€😀\u2028":"NULL"}']]] },
  )
})
