import { status } from '@grpc/grpc-js'
import { describe, expect, test } from '@jest/globals'
import type { KurrentSubscription } from '../../../src/adapters/kurrentdb/client/kurrent-client.ts'
import type { Checkpoint, EventStore, RecordedEvent, StreamId } from '../../../src/index.ts'
import { seededRandom, type SeededRandom } from '../../faults/seeded-random.ts'
import { holdSubscriptions } from './hold-subscriptions.ts'
import { accountEvents, deposited, KurrentBed } from './kurrent-bed.ts'
import { anyStream, appendRaw, proposals } from './proposals.ts'
import type { Fault } from './server/faults.ts'
import type { ClientUnderTest } from './test-client.ts'

const anyAccount = (): StreamId => anyStream() as StreamId
const FILTERS = [undefined, ['Deposited']] as const

/** Reading and following the log while things go wrong. */
export function testLogFaults(under: ClientUnderTest): void {
  describe(`the log through ${under.clientPackage}`, () => {
    test.each([1, 2, 3])(
      'is followed without loss or repetition, whatever ends the calls (seed %i)',
      async (seed) => {
        await using bed = await KurrentBed.open(under, { store: { timeoutMs: 1500 } })
        const random = seededRandom(seed)
        const count = 120
        const followed = FILTERS.map((types) => take(bed.store, count, types))
        const faults = (async () => {
          for (let turn = 0; turn < 12; turn++) {
            for (const call of ['read', 'subscribe'] as const)
              bed.server.faults.strike(call, anyFault(random, call))
            await sleep(30 + random.below(60))
          }
          await bed.server.restart()
        })()

        for (let version = 0; version < count; version += 2)
          await bed.store
            .append(`account-${seed}` as StreamId, [deposited(version), deposited(version + 1)], {
              expectedVersion: version,
            })
            .catch((error: unknown) => {
              throw new Error(`Append at ${version}`, { cause: error })
            })
        await faults

        for (const events of await Promise.all(followed))
          expect(events.map(({ version }) => version)).toEqual(
            Array.from({ length: count }, (_, index) => index + 1),
          )
        expect(await bed.callsLeftOpen()).toBe(0)
      },
      60_000,
    )

    test('is followed by a subscription that comes back when the server ends it cleanly', async () => {
      await using bed = await KurrentBed.open(under)
      // Nothing but the subscription can tell of the event in time.
      const store = bed.storeOver(bed.client, { pollIntervalMs: 60_000 })
      const writer = bed.storeOver(bed.anotherClient())
      await writer.append(anyAccount(), [deposited(0)], { expectedVersion: 0 })
      bed.server.faults.strike('subscribe', { kind: 'end', after: 0 }, { kind: 'drop' })
      const following = take(store, 2)
      await sleep(1000)

      await writer.append(anyAccount(), [deposited(1)], { expectedVersion: 0 })

      expect((await following).map(({ data }) => data)).toEqual([{ cents: 0 }, { cents: 1 }])
    })

    test.each([{ types: undefined }, { types: ['Deposited'] }])(
      'shows that it was set back (types: $types)',
      async ({ types }) => {
        await using bed = await KurrentBed.open(under)
        const account = anyAccount()
        const first = await bed.store.append(account, [deposited(1)], { expectedVersion: 0 })
        await bed.store.append(account, [deposited(2)], { expectedVersion: 1 })
        const after = (await bed.store.head()) as Checkpoint
        bed.server.log.setBack(first.position as bigint)
        await bed.server.restart()
        // Another event of the same size stands now where the checkpoint's was.
        const other = bed.storeOver(bed.anotherClient())
        const { position } = await other.append(account, [deposited(3)], { expectedVersion: 1 })
        expect(position).toBe(after.position)

        const read = take(bed.store, 1, types, after)

        await expect(read).rejects.toMatchObject({ code: 'STORE_REWOUND', checkpoint: after })
        expect(await bed.store.contains(after)).toBe(false)
      },
    )

    test('never shows system events, links, or streams of no category, and names none in a checkpoint', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      await bed.store.append(account, [deposited(1)], { expectedVersion: 0 })
      const link = { ...proposals(1, '$>')[0], contentType: 'application/octet-stream' as const }
      const links = [{ ...link, data: Buffer.from(`0@${account}`) }]
      await appendRaw(bed.client, '$ce-account', { events: links as never })
      await appendRaw(bed.client, account, {
        events: links.map((each) => ({ ...each, id: otherId })) as never,
      })
      await appendRaw(bed.client, 'nodash')
      await bed.client.setStreamMetadata(account, { maxCount: 100 })
      const { position } = await bed.store.append(account, [deposited(2)], { expectedVersion: 2 })
      await bed.client.setStreamMetadata(account, { maxCount: 50 })

      const whole = await read(bed.store)
      const filtered = await read(bed.store, ['Deposited', '$>'])

      for (const { events, through } of [whole, filtered]) {
        expect(events.map(({ data }) => data)).toEqual([{ cents: 1 }, { cents: 2 }])
        expect(through?.position).toBe(position)
      }
      expect((await bed.store.head())?.position).toBe(position)
      const versions = []
      for await (const page of bed.store.readStream(account, { pageSize: 1 }))
        versions.push(...page.events.map(({ version }) => version))
      expect(versions).toEqual([1, 3])
    })

    test('is not read again when that was refused', async () => {
      await using bed = await KurrentBed.open(under)
      await bed.store.append(anyAccount(), [deposited(1)], { expectedVersion: 0 })
      const refusal = { kind: 'status', code: status.PERMISSION_DENIED, details: 'Access Denied' }
      const denied = { ...refusal, exception: 'access-denied' } as Fault
      bed.server.faults.strike('read', denied)
      bed.server.faults.strike('subscribe', denied)

      const head = bed.store.head()
      await expect(head).rejects.toMatchObject({ code: 'ACCESS_DENIED', subject: '$all' })
      const filtered = read(bed.store, ['Deposited'])
      await expect(filtered).rejects.toMatchObject({ code: 'ACCESS_DENIED', subject: '$all' })

      expect((await read(bed.store, ['Deposited'])).events).toHaveLength(1)
    })

    test('keeps types apart whose names begin alike, over more events than the server looks at in one go', async () => {
      await using bed = await KurrentBed.open(under)
      const [first, last] = [anyAccount(), anyAccount()]
      await bed.store.append(first, [accountEvents.Noted('first')], { expectedVersion: 0 })
      await appendRaw(bed.client, anyAccount(), { events: proposals(2500, 'NotedTwice') })
      await appendRaw(bed.client, anyAccount(), { events: proposals(2500, 'Other') })
      await bed.store.append(last, [accountEvents.Noted('last')], { expectedVersion: 0 })

      const { events } = await read(bed.store, ['Noted'], 100)

      expect(events.map(({ data }) => data)).toEqual(['first', 'last'])
    })

    test('is read whole by a filter, also what the client still holds when the server is done', async () => {
      await using bed = await KurrentBed.open(under)
      const events = Array.from({ length: 700 }, (_, cents) => deposited(cents))
      await bed.store.append(anyAccount(), events, { expectedVersion: 0 })
      // No event that matches is the last: only the server's word ends the reading.
      await bed.store.append(anyAccount(), [accountEvents.Noted('')], { expectedVersion: 0 })

      const counts = []
      for await (const page of bed.store.readAll({ types: ['Deposited'], pageSize: 1000 }))
        counts.push(page.events.length)

      expect(counts).toEqual([700])
    })

    test('is read whole by a filter when all its events arrive before the first is taken', async () => {
      await using bed = await KurrentBed.open(under)
      const events = Array.from({ length: 10 }, (_, cents) => deposited(cents))
      await bed.store.append(anyAccount(), events, { expectedVersion: 0 })
      await bed.store.append(anyAccount(), [accountEvents.Noted('')], { expectedVersion: 0 })
      const caughtUp = (subscription: KurrentSubscription) =>
        new Promise<void>((resolve) => subscription.on('caughtUp', resolve))
      holdSubscriptions(bed.client, caughtUp)

      const { events: found } = await read(bed.store, ['Deposited'], 100)

      expect(found.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    })

    test('finds its last event behind thousands of system events, and again when it is set back', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      const { position } = await bed.store.append(account, [deposited(1)], { expectedVersion: 0 })
      await appendRaw(bed.client, '$stats-1', { events: proposals(3000, '$statsCollected') })

      const heads = [await bed.store.head(), await bed.store.head()]
      await appendRaw(bed.client, '$stats-1', { events: proposals(300, '$statsCollected') })
      heads.push(await bed.store.head())

      expect(heads.map((head) => head?.position)).toEqual([position, position, position])
    })
  })
}

const otherId = '0190a6b0-0000-7000-8000-000000000002'

function anyFault(random: SeededRandom, call: 'read' | 'subscribe'): Fault {
  const after = random.below(4)
  const kinds: readonly Fault[] = [
    { kind: 'drop' },
    { kind: 'drop', after },
    { kind: 'slow', ms: 20 },
    { kind: 'silence' },
    // A finite read that ends is at its end: only a subscription has none.
    call === 'subscribe' ? { kind: 'end', after } : { kind: 'drop', after },
  ]
  return random.pick(kinds)
}

async function take(
  store: EventStore,
  count: number,
  types?: readonly string[],
  after?: Checkpoint,
): Promise<readonly RecordedEvent[]> {
  const taken: RecordedEvent[] = []
  for await (const { events } of store.subscribe({ types, after, pageSize: 7 })) {
    taken.push(...events)
    if (taken.length >= count) break
  }
  return taken
}

async function read(store: EventStore, types?: readonly string[], pageSize = 1) {
  const events: RecordedEvent[] = []
  let through: Checkpoint | undefined
  for await (const page of store.readAll({ types, pageSize })) {
    events.push(...page.events)
    through = page.through
  }
  return { events, through }
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
