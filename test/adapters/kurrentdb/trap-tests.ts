import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { KurrentClient } from '../../../src/adapters/kurrentdb/client/kurrent-client.ts'
import { kurrentdbEventStore } from '../../../src/adapters/kurrentdb/index.ts'
import { streamId, type StreamId } from '../../../src/index.ts'
import { eventually } from '../../faults/eventually.ts'
import { holdSubscriptions } from './hold-subscriptions.ts'
import { accountEvents, deposited, KurrentBed } from './kurrent-bed.ts'
import { anyStream, appendRaw, proposals } from './proposals.ts'
import type { ClientUnderTest } from './test-client.ts'

const anyAccount = (): StreamId => anyStream() as StreamId

/** The clients' traps, as section 2.9 of the facts numbers them. */
export function testTraps(under: ClientUnderTest): void {
  describe(`the traps of ${under.clientPackage}`, () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle

    test.each([
      ['a BigInt', 1n],
      ['undefined', undefined],
      ['a cycle', cycle],
    ])('1: refuses %s before the client would hang on it', async (_, value) => {
      await using bed = await KurrentBed.open(under)
      const noted = accountEvents.Noted(value)
      const marked = { ...deposited(1), metadata: { value } as never }

      const data = bed.store.append(anyAccount(), [noted], { expectedVersion: 'any' })
      const metadata = bed.store.append(anyAccount(), [marked], { expectedVersion: 'any' })

      await expect(data).rejects.toMatchObject({ code: 'NOT_JSON' })
      const outcome = await Promise.allSettled([metadata])
      const isAbsent = value === undefined
      expect(outcome[0].status).toBe(isAbsent ? 'fulfilled' : 'rejected')
    })

    test('2: the callback for checkpoints throws nothing, whatever it is given', async () => {
      await using bed = await KurrentBed.open(under)
      await bed.store.append(anyAccount(), [deposited(1)], { expectedVersion: 'any' })
      const { client } = bed
      const subscribe = client.subscribeToAll.bind(client)
      const calls: Promise<void>[] = []
      client.subscribeToAll = (options) => {
        calls.push(options.filter.checkpointReached(undefined, { commit: -1n, prepare: -1n }))
        return subscribe(options)
      }

      for await (const page of bed.store.readAll({ types: ['Deposited'] }))
        expect(page.events).toHaveLength(1)

      expect(await Promise.allSettled(calls)).toEqual([{ status: 'fulfilled', value: undefined }])
    })

    test('3: leaves no call open after 200 reads that break in the middle', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      // More than fits on the way: the server is still sending when the read breaks.
      const large = { text: 'x'.repeat(30_000) }
      const events = proposals(100, 'Undeclared').map((event) => ({ ...event, data: large }))
      await appendRaw(bed.client, account, { events })

      for (let turn = 0; turn < 200; turn++) {
        const read = bed.store.readStream(account)[Symbol.asyncIterator]().next()
        await expect(read).rejects.toMatchObject({ code: 'UNKNOWN_EVENT_TYPE' })
      }

      expect(await bed.callsLeftOpen()).toBe(0)
    }, 120_000)

    test('3: leaves no call open for the garbage collector to end', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      const large = { text: 'x'.repeat(30_000) }
      const events = proposals(200, 'Undeclared').map((event) => ({ ...event, data: large }))
      await appendRaw(bed.client, account, { events })

      for (let turn = 0; turn < 3; turn++) {
        const read = bed.store.readStream(account)[Symbol.asyncIterator]().next()
        await expect(read).rejects.toMatchObject({ code: 'UNKNOWN_EVENT_TYPE' })
      }

      // The collector comes after some seconds: it is not to be waited for.
      for (let waits = 0; bed.server.openCalls.count > 0 && waits < 30; waits++) await sleep(100)
      expect(bed.server.openCalls.count).toBe(0)
    })

    test('3: leaves no call open after 200 broken readings of a stream', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      const many = Array.from({ length: 30 }, (_, cents) => deposited(cents))
      await bed.store.append(account, many, { expectedVersion: 'any' })

      for (let turn = 0; turn < 200; turn++)
        for await (const { events } of bed.store.readStream(account, { pageSize: 5 }))
          if (events.length > 0) break

      expect(await bed.callsLeftOpen()).toBe(0)
    })

    test('3: leaves no call open after 200 stopped subscriptions', async () => {
      await using bed = await KurrentBed.open(under)
      await bed.store.append(anyAccount(), [deposited(1), deposited(2)], { expectedVersion: 'any' })

      for (let turn = 0; turn < 200; turn++) {
        const types = turn % 2 === 0 ? ['Deposited'] : undefined
        for await (const { events } of bed.store.subscribe({ types, pageSize: 1 }))
          if (events.length > 0) break
      }

      expect(await bed.callsLeftOpen()).toBe(0)
    })

    test('3: lets its client be disposed of after looks that found what they sought at once', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      const client = bed.anotherClient()
      const store = bed.storeOver(client)
      await store.append(account, Array.from({ length: 45 }, deposited.bind(null, 1)), {
        expectedVersion: 0,
        commandId: 'one',
      })

      for (let turn = 0; turn < 20; turn++)
        expect(await store.findCommand(account, 'one')).toMatchObject({ version: 45 })

      await expect(client.dispose()).resolves.toBeUndefined()
      expect(await bed.callsLeftOpen()).toBe(0)
    })

    test('3: lets its client be disposed of after a filtered read that left behind what a server sent before it ended the call', async () => {
      await using bed = await KurrentBed.open(under)
      const many = Array.from({ length: 100 }, (_, cents) => deposited(cents))
      await bed.store.append(anyAccount(), many, { expectedVersion: 0 })
      const client = bed.anotherClient()
      const store = bed.storeOver(client)
      // As many as fill all three buffers of a subscription, so that its end waits behind them.
      bed.server.faults.strike('subscribe', { kind: 'end', after: 40 })
      holdSubscriptions(client, async () => {
        await eventually(
          () => bed.server.faults.isEmpty && bed.server.openSubscriptions.count === 0,
        )
        // What is answered later on the same connection comes after the end.
        for (let turn = 0; turn < 3; turn++) await appendRaw(client, 'nodash')
      })

      const pages = store.readAll({ types: ['Deposited'], pageSize: 1 })
      const page = await pages[Symbol.asyncIterator]().next()

      expect(page.value).toMatchObject({ events: [{ version: 1 }] })
      await expect(client.dispose()).resolves.toBeUndefined()
    })

    test('3: stops a subscription that waits on its signal, and leaves no call open', async () => {
      await using bed = await KurrentBed.open(under)
      const stop = new AbortController()
      const follow = (async () => {
        for await (const page of bed.store.subscribe({ signal: stop.signal }))
          expect(page).toBeDefined()
      })()
      follow.catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 100))

      stop.abort(new Error('Enough.'))

      await expect(follow).rejects.toThrow('Enough.')
      expect(await bed.callsLeftOpen()).toBe(0)
    })

    test('4: refuses a client that hides conflicts', async () => {
      await using bed = await KurrentBed.open(under)
      const client = bed.anotherClient(`${bed.server.url}&throwOnAppendFailure=false`)

      const make = (): unknown => kurrentdbEventStore({ client, catalogs: [] })

      expect(make).toThrow(/throwOnAppendFailure/)
    })

    test('5: gives the expectation under the names that both clients know', async () => {
      await using bed = await KurrentBed.open(under)
      const { client } = bed
      const append = client.appendToStream.bind(client)
      const seen: unknown[] = []
      client.appendToStream = (name, events, options) => {
        seen.push([options.expectedRevision, options.streamState])
        return append(name, events, options)
      }
      const account = anyAccount()

      await bed.store.append(account, [deposited(1)], { expectedVersion: 0 })
      await bed.store.append(account, [deposited(1)], { expectedVersion: 1 })
      await bed.store.append(account, [deposited(1)], { expectedVersion: 'stream-exists' })

      expect(seen).toEqual([
        ['no_stream', 'no_stream'],
        [0n, 0n],
        ['stream_exists', 'stream_exists'],
      ])
    })

    test('7: an error on one client does not cost the appends of another', async () => {
      await using bed = await KurrentBed.open(under, { store: { timeoutMs: 1000 } })
      const other = bed.storeOver(bed.anotherClient(), { timeoutMs: 1000 })
      await other.append(streamId('account', 'warm'), [deposited(0)], { expectedVersion: 0 })
      bed.server.faults.strike(
        'batch-append',
        { kind: 'silence', after: 'written' },
        { kind: 'drop' },
      )

      const results = await Promise.all([
        other.append(streamId('account', 'other'), [deposited(1)], { expectedVersion: 0 }),
        bed.store.append(streamId('account', 'own'), [deposited(1)], { expectedVersion: 0 }),
      ])

      expect(results.map(({ version }) => version)).toEqual([1, 1])
      expect(bed.server.log.events).toHaveLength(3)
    })

    test('8: ends the wait for an answer that never comes, of a read as of an append', async () => {
      await using bed = await KurrentBed.open(under, {
        store: { timeoutMs: 1500, appendDeadlineMs: 0 },
      })
      const account = anyAccount()
      await bed.store.append(account, [deposited(1)], { expectedVersion: 0 })
      bed.server.faults.strike('read', { kind: 'silence' }, { kind: 'silence' })
      const read = bed.store.readStream(account)[Symbol.asyncIterator]().next()
      await expect(read).rejects.toMatchObject({ code: 'KURRENT_UNAVAILABLE' })
      bed.server.faults.clear()
      bed.server.faults.strike('batch-append', { kind: 'silence' })

      const append = bed.store.append(account, [deposited(1)], { expectedVersion: 1 })

      await expect(append).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    })

    test('9: sends credentials over an insecure connection as the guide says', async () => {
      await using bed = await KurrentBed.open(under)
      const client = bed.anotherClient(bed.server.url.replace('://', '://admin:secret@'))
      const store = bed.storeOver(client, { receipts: 'brief' })
      const account = anyAccount()

      await store.append(account, [deposited(1)], { expectedVersion: 0 })
      const withAppends = [...bed.server.credentials]
      await store.head()

      expect(withAppends).toEqual([])
      expect(bed.server.credentials).toEqual(
        under.clientPackage === '@eventstore/db-client' ? [] : ['Basic YWRtaW46c2VjcmV0'],
      )
    })

    test('12: asks for a bounded number of events in each read', async () => {
      await using bed = await KurrentBed.open(under)
      const { client } = bed
      const counts: number[] = []
      const [readStream, readAll] = [client.readStream.bind(client), client.readAll.bind(client)]
      client.readStream = (name, options) => (
        counts.push(options.maxCount),
        readStream(name, options)
      )
      client.readAll = (options) => (counts.push(options.maxCount), readAll(options))
      const account = anyAccount()
      await bed.store.append(account, [deposited(1)], { expectedVersion: 'any', commandId: 'one' })

      for await (const page of bed.store.readStream(account, { pageSize: 10 }))
        expect(page.version).toBe(1)
      for await (const page of bed.store.readAll({ pageSize: 10 }))
        expect(page.events).toHaveLength(1)

      expect(counts.length).toBeGreaterThan(3)
      expect(Math.max(...counts)).toBeLessThanOrEqual(500)
    })

    test('refuses what is no client', () => {
      const client = 'esdb://localhost:2113' as unknown as KurrentClient

      expect(() => kurrentdbEventStore({ client, catalogs: [] })).toThrow(
        /has no method 'appendToStream'/,
      )
    })
  })
}
