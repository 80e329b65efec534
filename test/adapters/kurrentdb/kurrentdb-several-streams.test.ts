import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { AppendResult, RecordedEvent, StreamAppend, StreamId } from '../../../src/index.ts'
import { accountEvents, deposited, KurrentBed } from './kurrent-bed.ts'
import { kurrentDBClient } from './kurrentdb-client.ts'
import { anyStream } from './proposals.ts'
import type { Fault } from './server/faults.ts'

const anyAccount = (): StreamId => anyStream() as StreamId
const QUICK = { timeoutMs: 400 }

const append = (
  streamId: StreamId,
  count: number,
  expectedVersion: StreamAppend['expectedVersion'],
): StreamAppend => ({
  streamId,
  events: Array.from({ length: count }, (_, cents) => deposited(cents)),
  expectedVersion,
})

describe('appends to several streams', () => {
  test.each<readonly [string, Fault]>([
    ['dropped before it was written', { kind: 'drop' }],
    ['dropped after it was written', { kind: 'drop', after: 'written' }],
    ['never answered, and not written', { kind: 'silence' }],
    ['never answered, and written', { kind: 'silence', after: 'written' }],
  ])('are written once under versions when the call is %s', async (_, fault) => {
    await using bed = await KurrentBed.open(kurrentDBClient)
    // Ours is the only deadline.
    const client = bed.anotherClient(`${bed.server.url}&defaultDeadline=600000`)
    const store = bed.storeOver(client, QUICK)
    const [one, other] = [anyAccount(), anyAccount()]
    await bed.store.append(one, [deposited(1)], { expectedVersion: 0 })
    bed.server.faults.strike('append-session', fault)

    const results = await store.appendAll([append(one, 2, 1), append(other, 2, 'no-stream')])

    const written = [one, other].map((id) => bed.server.log.stream(id).events)
    expect(written.map(({ length }) => length)).toEqual([3, 2])
    expect(results.map(({ version }) => version)).toEqual([3, 2])
    expect(results.map(({ positions }) => positions)).toEqual(
      written.map((events) => events.slice(-2).map(({ position }) => position)),
    )
  })

  test.each<readonly [string, Fault, number]>([
    ['dropped', { kind: 'drop' }, 0],
    ['dropped, and written', { kind: 'drop', after: 'written' }, 1],
    ['never answered, and written', { kind: 'silence', after: 'written' }, 1],
  ])("under 'any' are not repeated when the call is %s", async (_, fault, count) => {
    await using bed = await KurrentBed.open(kurrentDBClient, { store: QUICK })
    const [one, other] = [anyAccount(), anyAccount()]
    bed.server.faults.strike('append-session', fault)

    const appends = bed.store.appendAll([append(one, 1, 0), append(other, 1, 'any')])

    await expect(appends).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      streamIds: [one, other],
    })
    expect(bed.server.log.events).toHaveLength(2 * count)
  })

  test('write what is missing when one stream holds its events already', async () => {
    await using bed = await KurrentBed.open(kurrentDBClient)
    const [one, other] = [anyAccount(), anyAccount()]
    const known = { ...deposited(1), id: '0192f0c0-0000-7000-8000-000000000001' }
    await bed.store.append(one, [known], { expectedVersion: 0 })

    const results = await bed.store.appendAll([
      { streamId: one, events: [known], expectedVersion: 0 },
      append(other, 2, 0),
    ])

    expect(results.map(({ version }) => version)).toEqual([1, 2])
    expect(bed.server.log.events).toHaveLength(3)
  })

  test('tell the first of several refusals, in the order of the appends', async () => {
    await using bed = await KurrentBed.open(kurrentDBClient)
    const [one, other, third] = [anyAccount(), anyAccount(), anyAccount()]
    await bed.store.appendAll([append(other, 2, 0), append(third, 1, 0)])

    const appends = [append(one, 1, 0), append(third, 1, 'no-stream'), append(other, 1, 1)]

    await expect(bed.store.appendAll(appends)).rejects.toMatchObject({
      code: 'WRONG_EXPECTED_VERSION',
      streamId: third,
      actual: 1,
    })
    expect(bed.server.log.events).toHaveLength(3)
  })

  test('keep metadata of every kind, though the protocol takes only text', async () => {
    await using bed = await KurrentBed.open(kurrentDBClient)
    const [one, other] = [anyAccount(), anyAccount()]
    const metadata = [
      {},
      { userId: 'u', correlationId: 'c', causationId: 'd' },
      { nested: { list: [1, null, 'x'] }, correlationId: 'c' },
      { $mine: 'text', everfold: '{"schemaVersion":7}' },
      JSON.parse('{"__proto__": "kept"}') as { readonly [key: string]: string },
      { half: '\ud800' },
    ]
    const occurredAt = new Date('1999-12-31T23:59:59.999Z')
    const events = metadata.map((each) => ({ ...deposited(1), metadata: each, occurredAt }))

    await bed.store.appendAll([
      { streamId: one, events, expectedVersion: 0 },
      append(other, 1, 'any'),
    ])

    const read = await eventsOf(bed, one)
    expect(read.map((event) => sorted(event.metadata))).toEqual(metadata.map(sorted))
    expect(read.map((event) => event.occurredAt)).toEqual(metadata.map(() => occurredAt))
    const [, correlated] = bed.server.log.stream(one).events
    expect(JSON.parse(Buffer.from(correlated?.metadata ?? []).toString())).toMatchObject({
      userId: 'u',
      $correlationId: 'c',
      $causationId: 'd',
    })
  })

  const states = ['written', 'unwritten', 'deleted', 'tombstoned'] as const
  const expectations = ['no-stream', 'stream-exists', 'any', 2] as const
  const table = states
    .flatMap((state) =>
      expectations.flatMap((expected) => [1, 0].map((count) => [state, expected, count] as const)),
    )
    // A deleted stream takes appends under its last version, but reads as unwritten.
    .filter(([state, expected, count]) => !(state === 'deleted' && expected === 2 && count === 0))
  let bed: KurrentBed

  beforeAll(async () => {
    bed = await KurrentBed.open(kurrentDBClient)
  })

  afterAll(() => bed[Symbol.asyncDispose]())

  test.each(table)(
    'fare on a stream that is %s, under %s and with %i events, as one of its own',
    async (state, expected, count) => {
      const [alone, beside, other] = [anyAccount(), anyAccount(), anyAccount()]
      for (const id of [alone, beside]) {
        if (state !== 'unwritten')
          await bed.store.append(id, [deposited(1), deposited(2)], { expectedVersion: 0 })
        if (state === 'deleted') await bed.client.deleteStream(id)
        if (state === 'tombstoned') await bed.client.tombstoneStream(id)
      }
      const { events } = append(alone, count, expected)

      const single = await outcomeOf(bed.store.append(alone, events, { expectedVersion: expected }))
      const several = await outcomeOf(
        bed.store.appendAll([append(other, 1, 0), append(beside, count, expected)]),
      )

      expect(several).toEqual(single)
      const isWritten = typeof single === 'number'
      expect(bed.server.log.stream(other).events).toHaveLength(isWritten ? 1 : 0)
    },
  )

  test('go to a tombstoned stream in vain, and are refused as too large', async () => {
    await using bed = await KurrentBed.open(kurrentDBClient, { server: { maxAppendSize: 1000 } })
    const [one, gone] = [anyAccount(), anyAccount()]
    await bed.store.append(gone, [deposited(1)], { expectedVersion: 0 })
    await bed.client.tombstoneStream(gone)
    const large = accountEvents.Noted('x'.repeat(2000))

    const toGone = bed.store.appendAll([append(one, 1, 0), append(gone, 1, 'any')])
    const tooLarge = bed.store.appendAll([
      { streamId: one, events: [large], expectedVersion: 0 },
      append(anyAccount(), 1, 0),
    ])

    await expect(toGone).rejects.toMatchObject({ code: 'STREAM_TOMBSTONED', streamId: gone })
    await expect(tooLarge).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE', mostBytes: 1000 })
    expect(bed.server.log.stream(one).events).toEqual([])
  })

  test('need a server that has them, and another one for checks without events', async () => {
    await using bed = await KurrentBed.open(kurrentDBClient, { server: { version: '25.1' } })
    await using old = await KurrentBed.open(kurrentDBClient, { server: { version: '23.10' } })
    const [one, other] = [anyAccount(), anyAccount()]
    const written = [append(one, 1, 0), append(other, 1, 0)]
    const checked = [append(one, 1, 1), append(other, 0, 1)]

    const results = await bed.store.appendAll(written)

    expect(results.map(({ version }) => version)).toEqual([1, 1])
    await expect(bed.store.appendAll(checked)).rejects.toMatchObject({
      code: 'SERVER_TOO_OLD',
      minimumVersion: '26.1',
    })
    await expect(old.store.appendAll(written)).rejects.toMatchObject({
      code: 'SERVER_TOO_OLD',
      minimumVersion: '25.1',
    })
  })

  test('check a stream without events in the commit of the others', async () => {
    await using bed = await KurrentBed.open(kurrentDBClient)
    const [one, guard] = [anyAccount(), anyAccount()]
    await bed.store.append(guard, [deposited(1)], { expectedVersion: 0 })
    const { client } = bed
    const appendRecords = client.appendRecords?.bind(client)
    client.appendRecords = async (...call) => {
      await bed.storeOver(bed.anotherClient()).append(guard, [deposited(2)], { expectedVersion: 1 })
      return appendRecords?.(...call) as ReturnType<NonNullable<typeof appendRecords>>
    }

    const appends = bed.store.appendAll([append(one, 1, 0), append(guard, 0, 1)])

    await expect(appends).rejects.toMatchObject({ code: 'WRONG_EXPECTED_VERSION', actual: 2 })
    expect(bed.server.log.stream(one).events).toEqual([])
  })

  test('of nothing only check, on any server', async () => {
    await using bed = await KurrentBed.open(kurrentDBClient, { server: { version: '23.10' } })
    const [one, other] = [anyAccount(), anyAccount()]
    await bed.store.append(one, [deposited(1)], { expectedVersion: 0 })

    const results = await bed.store.appendAll([append(one, 0, 1), append(other, 0, 'any')])
    const stale = bed.store.appendAll([append(one, 0, 1), append(other, 0, 'stream-exists')])

    expect(results.map(({ version }) => version)).toEqual([1, 0])
    await expect(stale).rejects.toMatchObject({ code: 'WRONG_EXPECTED_VERSION', streamId: other })
  })
})

/** The version that the last stream is at, or the code of the error. */
async function outcomeOf(
  appended: Promise<AppendResult | readonly AppendResult[]>,
): Promise<number | string | undefined> {
  try {
    return [await appended].flat().at(-1)?.version
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

/** The protocol keeps no order of the keys. */
const sorted = (metadata: object): string => JSON.stringify(Object.entries(metadata).toSorted())

async function eventsOf(bed: KurrentBed, account: StreamId): Promise<readonly RecordedEvent[]> {
  const list: RecordedEvent[] = []
  for await (const { events } of bed.store.readStream(account)) list.push(...events)
  return list
}
