import { status } from '@grpc/grpc-js'
import { describe, expect, test } from '@jest/globals'
import { streamId, type StreamId } from '../../../src/index.ts'
import { testAppendOutcomes } from './append-outcome-tests.ts'
import { accountEvents, deposited, KurrentBed } from './kurrent-bed.ts'
import { anyStream } from './proposals.ts'
import type { Fault } from './server/faults.ts'
import type { ClientUnderTest } from './test-client.ts'

const anyAccount = (): StreamId => anyStream() as StreamId
const QUICK = { timeoutMs: 400 }
const batch = [deposited(1), deposited(2)]

/** Appends while things go wrong. */
export function testAppendFaults(under: ClientUnderTest): void {
  describe(`appends through ${under.clientPackage}`, () => {
    testAppendOutcomes('batch-append', () => KurrentBed.open(under, { store: QUICK }))

    test('is not made again when it was refused', async () => {
      await using bed = await KurrentBed.open(under)
      const refusal = { kind: 'status', code: status.PERMISSION_DENIED, details: 'Access Denied' }
      const denied = { ...refusal, exception: 'access-denied' } as Fault
      bed.server.faults.strike('batch-append', denied)

      const append = bed.store.append(anyAccount(), [deposited(1)], { expectedVersion: 0 })

      await expect(append).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
      expect(bed.server.log.events).toEqual([])
    })

    test('follows the leader, with many appends under way', async () => {
      await using bed = await KurrentBed.open(under)
      const { port } = bed.server
      bed.server.faults.strike('batch-append', { kind: 'not-leader', port })

      const results = await Promise.allSettled(
        Array.from({ length: 40 }, () =>
          bed.store.append(anyAccount(), [deposited(1)], { expectedVersion: 'no-stream' }),
        ),
      )

      expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
      expect(bed.server.log.events).toHaveLength(40)
    })

    test("waits under 'any' for a server that is not ready, or not there", async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      bed.server.faults.strike('batch-append', {
        kind: 'status',
        code: status.UNKNOWN,
        details: 'Server Is Not Ready',
      })
      await bed.store.append(account, [deposited(1)], { expectedVersion: 'any' })
      await bed.server.stop()
      const other = bed.storeOver(bed.anotherClient())

      const append = other.append(account, [deposited(2)], { expectedVersion: 'any' })
      await new Promise((resolve) => setTimeout(resolve, 200))
      await bed.server.start()

      expect((await append).version).toBe(2)
    })

    test('survives restarts of the server between and during appends', async () => {
      await using bed = await KurrentBed.open(under, { store: { timeoutMs: 1000 } })
      const account = anyAccount()
      const restarts = (async () => {
        for (let turn = 0; turn < 4; turn++) {
          await new Promise((resolve) => setTimeout(resolve, 60))
          await bed.server.restart()
        }
      })()

      for (let version = 0; version < 40; version++)
        await bed.store.append(account, [deposited(version)], { expectedVersion: version })
      await restarts

      const { events } = bed.server.log.stream(account)
      expect(events).toHaveLength(40)
    })

    test.each(['25.1', '20.6'] as const)(
      'names what a server of version %s refuses',
      async (version) => {
        await using bed = await KurrentBed.open(under, {
          server: { version, maxAppendSize: 100_000 },
        })
        const [account, tombstoned] = [anyAccount(), anyAccount()]
        await bed.store.append(tombstoned, [deposited(1)], { expectedVersion: 'any' }).catch(ignore)
        await bed.client.tombstoneStream(tombstoned)
        const large = accountEvents.Noted('x'.repeat(100_000))

        const refusals = [
          bed.store.append(account, [large], { expectedVersion: 0 }),
          bed.store.append(tombstoned, [deposited(1)], { expectedVersion: 'any' }),
          bed.store.append(account, [deposited(1)], { expectedVersion: 'stream-exists' }),
        ]

        await expect(refusals[0]).rejects.toMatchObject({
          code: 'APPEND_TOO_LARGE',
          mostBytes: 100_000,
        })
        await expect(refusals[1]).rejects.toMatchObject({ code: 'STREAM_TOMBSTONED' })
        await expect(refusals[2]).rejects.toMatchObject({
          code: 'WRONG_EXPECTED_VERSION',
          actual: 0,
        })
      },
    )

    test.each(['25.1', '20.6'] as const)(
      'tells a user without rights, on version %s',
      async (version) => {
        await using bed = await KurrentBed.open(under, { server: { version, deniesAppends: true } })

        const append = bed.store.append(anyAccount(), [deposited(1)], { expectedVersion: 'any' })

        await expect(append).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
      },
    )

    test('sends an append of several messages as one, and many in one turn of a new connection', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      const large = Array.from({ length: 8 }, () => accountEvents.Noted('x'.repeat(1_000_000)))

      const results = await Promise.all([
        bed.store.append(account, large, { expectedVersion: 'no-stream' }),
        ...Array.from({ length: 300 }, (_, cents) =>
          bed.store.append(anyAccount(), [deposited(cents)], { expectedVersion: 'any' }),
        ),
      ])

      expect(results[0].version).toBe(8)
      expect(bed.server.log.events).toHaveLength(308)
    })

    test('counts an append as unknown that its client gives up when it is disposed of', async () => {
      await using bed = await KurrentBed.open(under, { store: { appendDeadlineMs: 0 } })
      const client = bed.anotherClient()
      const store = bed.storeOver(client)
      bed.server.faults.strike('batch-append', { kind: 'silence' })

      const append = store.append(anyAccount(), [deposited(1)], { expectedVersion: 'any' })
      append.catch(ignore)
      await new Promise((resolve) => setTimeout(resolve, 200))
      await client.dispose()

      await expect(append).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    })

    test('refuses names and types that the server keeps for itself, and an id that stands twice', async () => {
      await using bed = await KurrentBed.open(under)
      const id = '0190a6b0-0000-7000-8000-000000000001'
      const twice = [deposited(1), deposited(2)].map((event) => ({ ...event, id }))
      const reserved = '$ce-account' as StreamId

      const append = bed.store.append(streamId('account', '1'), twice, { expectedVersion: 'any' })
      const read = bed.store.readStream(reserved)[Symbol.asyncIterator]().next()

      await expect(append).rejects.toMatchObject({ code: 'INVALID_EVENT' })
      await expect(read).rejects.toMatchObject({ code: 'INVALID_STREAM_ID', streamId: reserved })
      expect(bed.server.log.events).toEqual([])
    })

    test('answers briefly where that was asked for, and reads back after a repetition', async () => {
      await using bed = await KurrentBed.open(under, { store: { receipts: 'brief', ...QUICK } })
      const account = anyAccount()

      const brief = await bed.store.append(account, [deposited(1)], { expectedVersion: 0 })
      bed.server.faults.strike('batch-append', { kind: 'drop', after: 'written' })
      const repeated = await bed.store.append(account, [deposited(2)], { expectedVersion: 1 })
      const several = await bed.store.append(account, batch, { expectedVersion: 2 })

      const positions = bed.server.log.events.map(({ position }) => position)
      expect(brief).toMatchObject({ version: 1, positions: [positions[0]], recordedAt: undefined })
      expect(repeated).toMatchObject({ version: 2, positions: [positions[1]] })
      expect(several.positions).toEqual(positions.slice(2))
      expect(several.recordedAt).toBeInstanceOf(Date)
    })

    test("writes one of many racing appends of one command, under 'any'", async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      const stores = Array.from({ length: 8 }, () => bed.storeOver(bed.client))

      const outcomes = await Promise.allSettled(
        stores.map((store) =>
          store.append(account, [deposited(1)], { expectedVersion: 'any', commandId: 'one' }),
        ),
      )

      const codes = outcomes.map((outcome) =>
        outcome.status === 'rejected' ? (outcome.reason as { code?: string }).code : 'written',
      )
      expect(codes.toSorted()).toEqual([
        ...Array.from({ length: 7 }, () => 'COMMAND_REPEATED'),
        'written',
      ])
      expect(bed.server.log.stream(account).events).toHaveLength(1)
    })

    test('has no more than a hundred appends under way at once', async () => {
      await using bed = await KurrentBed.open(under)
      const { client } = bed
      let underWay = 0
      let most = 0
      const append = client.appendToStream.bind(client)
      client.appendToStream = async (...args) => {
        most = Math.max(most, ++underWay)
        return append(...args).finally(() => underWay--)
      }

      await Promise.all(
        Array.from({ length: 250 }, () =>
          bed.store.append(anyAccount(), [deposited(1)], { expectedVersion: 'any' }),
        ),
      )

      expect(most).toBe(100)
    })
  })
}

const ignore = (): void => undefined
