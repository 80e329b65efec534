import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import {
  createEventStore,
  defineEvents,
  defineProjection,
  drop,
  event,
  project,
  ProjectionRunner,
  streamId,
  type AnyEventCatalog,
  type DomainEvent,
  type EventStore,
  type RecordedEvent,
  type Retirement,
} from '../../src/index.ts'
import { eventsOf } from '../../src/testing/contracts/event-store/reading.ts'
import { silent } from '../projections/runner-fixture.ts'

const account = streamId('account', '42')

describe('a catalog with retired types', () => {
  const define = (retired: Readonly<Record<string, unknown>>): unknown =>
    defineEvents(
      'account',
      { Deposited: event<{ cents: number }>(), Withdrawn: event<{ cents: number }>() },
      { retired: retired as Record<string, Retirement<never>> },
    )

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['that it declares as well', { Deposited: 'Withdrawn' }, "declares 'Deposited', and retires"],
    ['renamed to one that it does not declare', { Paid: 'Payed' }, "retires 'Paid' as 'Payed'"],
    [
      'renamed to one that is retired',
      { Paid: 'Put', Put: 'Deposited' },
      "retires 'Paid' as 'Put'",
    ],
    ['without steps', { Paid: {} }, "'Paid' has no steps"],
    ['with a missing step', { Paid: { 2: () => drop } }, 'no upcaster step from schema version 1'],
    ['with a step that is none', { Paid: { 1: 'x' } }, 'no upcaster step from schema version 1'],
    ['with a step from version 0', { Paid: { 0: () => drop, 1: () => drop } }, "a step '0'"],
    ['with two steps from one version', { Paid: { 1: () => drop, '01': () => drop } }, "step '01'"],
    ['with a reserved name', { upcast: 'Deposited' }, "'upcast' cannot be an event type"],
  ])('is refused for one %s', (_, retired, message) => {
    expect(() => define(retired)).toThrow(TypeError)
    expect(() => define(retired)).toThrow(message)
  })

  test('is refused for two steps of a declared type from one version', () => {
    const steps = { 1: (old: number) => old, '01': (old: number) => old }

    const build = (): unknown =>
      defineEvents('account', { Paid: event<number, [number]>({ upcast: steps }) })

    expect(build).toThrow("Event 'Paid' has a step '01': write it as 1")
  })
})

describe('a retired type', () => {
  test('carries data under another name on from the version with which it was stored', async () => {
    const { store, older } = stores({
      catalog: defineEvents(
        'account',
        {
          Deposited: event<{ cents: number; by: string }, [{ amount: number }, { cents: number }]>({
            upcast: {
              1: (old) => ({ cents: old.amount * 100 }),
              2: (old, { metadata }) => ({ ...old, by: String(metadata['userId']) }),
            },
          }),
        },
        { retired: { Paid: 'Deposited' } },
      ),
    })
    await older.append(account, [paid({ amount: 3 })], { expectedVersion: 0 })

    const [found] = await eventsOf(store.readStream(account))

    expect(JSON.parse(JSON.stringify(found))).toMatchObject({
      type: 'Deposited',
      data: { cents: 300, by: 'u1' },
      schemaVersion: 3,
      version: 1,
    })
  })

  test('shows its steps the stream and the metadata', async () => {
    const { store, older } = stores({
      retired: {
        1: (_: unknown, { streamId, metadata }) => [
          { type: 'Deposited', data: { streamId, user: metadata['userId'] } },
        ],
      },
    })
    await older.append(account, [paid({ amount: 3 })], { expectedVersion: 0 })

    const [found] = await eventsOf(store.readStream(account))

    expect(found?.data).toEqual({ streamId: account, user: 'u1' })
  })

  test.each<[string, () => unknown, string]>([
    ['throws', () => JSON.parse('{') as unknown, 'JSON'],
    ['gives nothing', () => undefined, 'must return a list'],
    ['gives a promise', () => Promise.resolve([]), 'must return a list'],
    ['gives no events, and does not say drop', () => [], 'Return drop'],
    ['gives an event of no declared type', () => [{ type: 'X', data: 1 }], "one of type 'X'"],
    ['gives an event of a retired type', () => [{ type: 'Paid', data: 1 }], "one of type 'Paid'"],
    ['gives null for an event', () => [null], "one of type 'undefined'"],
    ['gives an event without data', () => [{ type: 'Deposited' }], "gave 'Deposited' no data"],
  ])('fails with the place of the event when a step %s', async (_, step, message) => {
    const { store, older } = stores({ retired: { 1: step as never } })
    await older.append(account, [paid({ amount: 1 })], { expectedVersion: 0 })

    const read = eventsOf(store.readAll())

    await expect(read).rejects.toMatchObject({
      code: 'UPCAST_FAILED',
      streamId: account,
      version: 1,
      type: 'Paid',
      cause: expect.objectContaining({ message: expect.stringContaining(message) }),
    })
  })

  test('refuses what newer code stored', async () => {
    const newer = defineEvents('account', {
      Paid: event<number, [{ amount: number }]>({ upcast: { 1: (old) => old.amount } }),
    })
    const { store, storage } = stores({ retired: { 1: () => drop } })
    const write = createEventStore(storage, { catalogs: [newer] })
    await write.append(account, [newer.Paid(5)], { expectedVersion: 0 })

    const read = eventsOf(store.readStream(account))

    await expect(read).rejects.toMatchObject({ code: 'NEWER_SCHEMA_VERSION', stored: 2, known: 1 })
  })

  test('is upcast by hand as stores do it, from a plain object, too', async () => {
    const catalog = retiredCatalog()
    const { store, older } = stores({ catalog })
    await older.append(account, [paid({ amount: 3 })], { expectedVersion: 0 })
    const [stored] = await eventsOf(older.readStream(account))
    const { streamId, version, position, id, type, data, schemaVersion } = stored as RecordedEvent
    const { metadata, occurredAt, recordedAt } = stored as RecordedEvent
    const place = { streamId, version, position, id, type, data, schemaVersion }

    const upcast = catalog.upcast({ ...place, metadata, occurredAt, recordedAt })

    const read = await eventsOf(store.readStream(account))
    expect(upcast.map((each) => ({ ...each, position: `${each.position}` }))).toEqual(
      read.map((each) => each.toJSON?.()),
    )
  })
})

describe('split events', () => {
  test('are a function of the stored event alone, whatever stands around it', async () => {
    const kinds = fc.constantFrom('Paid', 'Moved', 'Seen', 'Deposited')
    const history = fc.array(fc.tuple(kinds, fc.nat(99)), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 7 }), async (drawn, pageSize) => {
        const { store, older } = stores({})
        const events = drawn.map(([type, amount]) => ({ ...paid({ amount }), type }))
        await older.append(account, events, { expectedVersion: 0 })
        const storedAlone = await Promise.all(
          events.map(async (_, index) => {
            const range = { fromVersion: index + 1, toVersion: index + 1 }
            return eventsOf(store.readStream(account, range))
          }),
        )

        const readings = await Promise.all([
          eventsOf(store.readStream(account, { pageSize })),
          eventsOf(store.readStream(account, { pageSize, direction: 'backwards' })).then(reversed),
          eventsOf(store.readAll({ pageSize })),
        ])

        const expected = JSON.stringify(storedAlone.flat())
        expect(readings.map((each) => JSON.stringify(each))).toEqual(readings.map(() => expected))
      }),
      { numRuns: 100 },
    )
  })

  test.each([1, 2, 3, 4, 5, 6, 7])(
    'reach a projection whole where it reads and commits %d events at a time',
    async (pageSize) => {
      const catalog = retiredCatalog()
      const { store, older } = stores({ catalog })
      const moves = Array.from({ length: 9 }, (_, index) => ({
        ...paid({ amount: index }),
        type: ['Moved', 'Seen', 'Paid'][index % 3] as string,
      }))
      await older.append(account, moves, { expectedVersion: 0 })
      const places = new MemoryReadModel<{ places: string[] }>()
      const runner = new ProjectionRunner({
        store,
        projections: [project(placesOf(catalog)).into(places)],
        logger: silent,
        pageSize,
      })

      await runner.runUntilCaughtUp()

      expect(await places.get(account)).toEqual({
        places: ['1 1/2', '1 2/2', '3 /', '4 1/2', '4 2/2', '6 /', '7 1/2', '7 2/2', '9 /'],
      })
    },
  )
})

const olderEvents = defineEvents('account', {
  Paid: event<unknown>(),
  Moved: event<unknown>(),
  Seen: event<unknown>(),
  Deposited: event<unknown>(),
})

const paid = (data: unknown): DomainEvent => ({
  ...olderEvents.Paid(data),
  metadata: { userId: 'u1' },
})

const retiredCatalog = (retired: Readonly<Record<number, never>> = DEPOSIT) =>
  defineEvents(
    'account',
    { Deposited: event<unknown>(), Withdrawn: event<unknown>() },
    {
      retired: {
        Paid: retired,
        Moved: {
          1: (old: unknown) => [
            { type: 'Withdrawn', data: old },
            { type: 'Deposited', data: { to: old } },
          ],
        },
        Seen: { 1: () => drop },
      },
    },
  )

const DEPOSIT = {
  1: (old: unknown) => [{ type: 'Deposited' as const, data: old }],
} as unknown as Readonly<Record<number, never>>

/** Which parts of which versions came, in order. */
const placesOf = (catalog: ReturnType<typeof retiredCatalog>) => {
  const place = (document: { places: string[] }, { version, part, parts }: RecordedEvent) => ({
    places: [...document.places, `${version} ${part ?? ''}/${parts ?? ''}`],
  })
  return defineProjection({
    name: 'places',
    version: 1,
    events: catalog,
    initialDocument: (): { places: string[] } => ({ places: [] }),
    on: { Deposited: place, Withdrawn: place },
  })
}

function stores({
  retired,
  catalog = retiredCatalog(retired as Readonly<Record<number, never>> | undefined),
}: {
  retired?: Readonly<Record<number, Extract<Retirement, object>[number]>>
  catalog?: AnyEventCatalog
}): {
  storage: MemoryEventStorage
  store: EventStore
  older: EventStore
} {
  const storage = new MemoryEventStorage()
  return {
    storage,
    store: createEventStore(storage, { catalogs: [catalog] }),
    older: createEventStore(storage, { catalogs: [olderEvents] }),
  }
}

const reversed = <Item>(items: readonly Item[]): readonly Item[] => items.toReversed()
