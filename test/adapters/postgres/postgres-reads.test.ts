import * as jest from '@jest/globals'
import { beforeAll, expect } from '@jest/globals'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { postgres, postgresEventStore } from '../../../src/adapters/postgres/index.ts'
import {
  defineEvents,
  event,
  streamId,
  type DomainEvent,
  type EventStore,
} from '../../../src/index.ts'
import { pagesOf } from '../../../src/testing/contracts/event-store/reading.ts'
import type { ReaderSettings, Reading } from './postgres-reader.ts'
import { describeOnServer, PostgresServer, url } from './postgres-server.ts'

const server = new PostgresServer()
const account = streamId('account', '1')
const catalogs = [
  defineEvents('account', {
    Scanned: event<{ n: number; text: string }>(),
    MoneyDeposited: event<{ n: number; memo: string }>(),
  }),
]

jest.afterAll(() => server.close())

/** Reads in a process that cannot hold more JavaScript than `heapMegabytes`. */
async function read(
  settings: Omit<ReaderSettings, 'url'>,
  { heapMegabytes }: { readonly heapMegabytes: number },
): Promise<Reading> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${heapMegabytes}`,
    '--import',
    'tsx',
    fileURLToPath(new URL('postgres-reader.ts', import.meta.url)),
    JSON.stringify({ url, ...settings }),
  ])
  return JSON.parse(stdout) as Reading
}

function openStore(schema: string): EventStore {
  return postgresEventStore({ database: postgres(server.pool()), catalogs, schema })
}

describeOnServer('30 events of 10 MB', () => {
  const schema = server.anySchema()
  const limits = { heapMegabytes: 150 }
  /** In text 300 MB, in the database 3.5. */
  const text = 'x'.repeat(10_000_000)

  beforeAll(async () => {
    const store = openStore(schema)
    for (let n = 1; n <= 30; n++)
      await store.append(account, [{ type: 'Scanned', data: { n, text } }], {
        expectedVersion: n - 1,
      })
  }, 120_000)

  jest.test.each([
    ['the log', {}],
    ['a stream', { stream: account }],
    ['a stream backwards', { stream: account, direction: 'backwards' as const }],
  ])(
    'come complete, in order and one by one from %s',
    async (_, settings) => {
      const reading = await read({ schema, ...settings }, limits)

      expect(reading).toMatchObject({ events: 30, isInOrder: true, largestPage: 1 })
      expect(reading.peakMegabytes).toBeLessThan(350)
    },
    60_000,
  )
})

describeOnServer('a stream of 100,000 events', () => {
  const schema = server.anySchema()
  const limits = { heapMegabytes: 60 }

  beforeAll(async () => {
    const store = openStore(schema)
    for (let first = 1; first <= 100_000; first += 1000) {
      const events = Array.from({ length: 1000 }, (_, index): DomainEvent => eventAt(first + index))
      await store.append(account, events, { expectedVersion: first - 1 })
    }
  }, 120_000)

  jest.test.each([
    ['forwards', 1, 100_000],
    ['backwards', 100_000, 1],
  ] as const)(
    'is read %s in the memory of a few pages',
    async (direction, first, last) => {
      const reading = await read({ schema, stream: account, direction }, limits)

      expect(reading).toMatchObject({
        events: 100_000,
        firstVersion: first,
        lastVersion: last,
        isInOrder: true,
      })
      expect(reading.peakMegabytes).toBeLessThan(250)
    },
    60_000,
  )

  jest.test(
    'is read from the log in the memory of a few pages',
    async () => {
      const reading = await read({ schema }, limits)

      expect(reading).toMatchObject({ events: 100_000, lastVersion: 100_000, isInOrder: true })
      expect(reading.peakMegabytes).toBeLessThan(250)
    },
    60_000,
  )

  jest.test('is passed in steps by a reader for whom nothing in it is', async () => {
    const store = openStore(schema)
    const rare = streamId('account', 'rare')
    const found: DomainEvent = { type: 'Scanned', data: { n: 1, text: '' } }
    const { position } = await store.append(rare, [found], { expectedVersion: 'no-stream' })

    const pages = await pagesOf(store.readAll({ types: ['Scanned'] }))

    expect(pages.map(({ events }) => events.length)).toEqual([0, 1])
    expect(pages.at(-1)?.through.position).toBe(position)
  })
})

function eventAt(n: number): DomainEvent {
  return { type: 'MoneyDeposited', data: { n, memo: 'rent of the second floor '.repeat(10) } }
}
