import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { DomainEvent, EventStore, RecordedEvent } from '../../../index.ts'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, deposited, noted, opened } from './contract-events.ts'
import { eventsOf } from './reading.ts'

const values: Readonly<Record<string, unknown>> = {
  'letters of any script': 'Příliš žluťoučký kůň, 你好, नमस्ते, שלום, 👩‍👩‍👧‍👦',
  'U+0000 and other control characters': 'a\u0000b\u0001\u001f\u007f\u2028\u2029\ufeff\n\r\t',
  'halves of surrogate pairs': ['\ud800', 'a\udc00b', '\udc00\ud800'],
  'what has to be escaped': '"\\/\b\f\n\r\t\\u0000 \\\\ \'; DROP TABLE events; -- $1 %s',
  'numbers at the edges': [
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    Number.MAX_VALUE,
    Number.MIN_VALUE,
    0.1 + 0.2,
    -1.5e-7,
    1e21,
    123456789012345680000,
  ],
  'empty objects and lists': { none: {}, empty: [], nested: [[], {}, [[]]], nothing: null, '': '' },
  'keys that mean something in JavaScript': JSON.parse(
    '{"__proto__": 1, "constructor": 2, "toString": 3, "length": 4}',
  ) as unknown,
  'the order of members': { z: 1, a: 2, m: { y: 1, b: 2 } },
  'texts that look like other types': ['2024-02-29T12:00:00.000Z', '1', 'null', 'true', ' '],
  'a bare value': false,
  'a bare null': null,
  'a bare number': 0,
}

/** What was stored comes back. */
export function addRoundTripRules(rule: EventStoreRule): void {
  for (const [name, value] of Object.entries(values))
    rule(`gives back ${name}`, async ({ store }) => {
      const [event] = await roundTrip(store, [noted(value)])

      assert.deepEqual(event?.data, value)
      assert.equal(JSON.stringify(event?.data), JSON.stringify(value))
    })

  rule('gives back data nested 200 deep', async ({ store }) => {
    const deep = Array.from({ length: 200 }).reduce<unknown>((inner) => ({ inner: [inner] }), 'end')

    const [event] = await roundTrip(store, [noted(deep)])

    assert.deepEqual(event?.data, deep)
  })

  rule('gives back a megabyte of data', async ({ store }) => {
    const large = { text: 'žluťoučký kůň '.repeat(60_000), list: Array<string>(10_000).fill('💶') }

    const [event] = await roundTrip(store, [noted(large)])

    assert.deepEqual(event?.data, large)
  })

  rule('leaves out members that are undefined', async ({ store }) => {
    const [event] = await roundTrip(store, [noted({ kept: null, left: undefined })])

    assert.deepEqual(event?.data, { kept: null })
  })

  rule('gives back metadata', async ({ store }) => {
    const metadata = {
      correlationId: randomUUID(),
      userId: 'žofie 👩 \u0000',
      tags: ['a', { b: 1 }],
    }

    const [event] = await roundTrip(store, [{ ...opened('Ada'), metadata }])

    assert.deepEqual(event?.metadata, metadata)
  })

  rule('gives empty metadata when none was given', async ({ store }) => {
    const [event] = await roundTrip(store, [opened('Ada')])

    assert.deepEqual(event?.metadata, {})
  })

  rule(
    'keeps the id of an event, and makes a UUID of version 7 where none is',
    async ({ store }) => {
      const id = randomUUID()

      const [given, made] = await roundTrip(store, [{ ...opened('Ada'), id }, deposited(1)])

      assert.equal(given?.id, id)
      assert.match(
        made?.id ?? '',
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/,
      )
    },
  )

  rule('keeps occurredAt to the millisecond, also before 1970', async ({ store }) => {
    const dates = [
      '0001-01-01T00:00:00.000Z',
      '1582-10-15T00:00:00.001Z',
      '1900-02-28T23:59:59.999Z',
      '1969-12-31T23:59:59.999Z',
      '1970-01-01T00:00:00.000Z',
      '2024-02-29T12:34:56.789Z',
      '9999-12-31T23:59:59.999Z',
    ]

    const events = await roundTrip(
      store,
      dates.map((date) => ({ ...deposited(1), occurredAt: new Date(date) })),
    )

    assert.deepEqual(
      events.map(({ occurredAt }) => occurredAt.toISOString()),
      dates,
    )
  })

  rule('takes the time of the append as occurredAt when none is given', async ({ store }) => {
    const account = anyAccount()
    const { recordedAt } = await store.append(account, [opened('Ada'), deposited(1)], {
      expectedVersion: 'no-stream',
    })

    const events = await eventsOf(store.readStream(account))

    assert.ok(recordedAt instanceof Date)
    assert.deepEqual(
      events.map((event) => [event.recordedAt, event.occurredAt]),
      [
        [recordedAt, recordedAt],
        [recordedAt, recordedAt],
      ],
    )
  })

  rule('reads the same from the stream and from the log', async ({ store }) => {
    const after = await store.head()
    const metadata = { userId: 'u1' }
    const fromStream = await roundTrip(store, [
      { ...noted({ text: 'kůň' }), metadata, occurredAt: new Date('1999-12-31T23:59:59.999Z') },
      deposited(5),
    ])

    const fromLog = await eventsOf(store.readAll({ after }))

    assert.equal(JSON.stringify(fromLog), JSON.stringify(fromStream))
  })
}

async function roundTrip(
  store: EventStore,
  events: readonly DomainEvent[],
): Promise<readonly RecordedEvent[]> {
  const account = anyAccount()
  await store.append(account, events, { expectedVersion: 'no-stream' })
  return eventsOf(store.readStream(account))
}
