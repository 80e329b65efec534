import * as jest from '@jest/globals'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { kurrentdbSnapshotStore } from '../../../src/adapters/kurrentdb/index.ts'
import {
  everyEvents,
  globalPosition,
  Repository,
  streamId,
  type Snapshot,
} from '../../../src/index.ts'
import { snapshotStoreContract } from '../../../src/testing/index.ts'
import { account, accountEvents } from '../../domain/account.ts'
import { silent } from '../../projections/runner-fixture.ts'
import { KurrentBed } from './kurrent-bed.ts'
import { anyStream, appendRaw, readRaw } from './proposals.ts'
import { KurrentServer } from './server/kurrent-server.ts'
import type { ClientUnderTest, TestClient } from './test-client.ts'

/** Snapshots beside the events. */
export function testSnapshots(under: ClientUnderTest): void {
  testContract(under)
  describe(`snapshots through ${under.clientPackage}`, () => {
    test('shorten loads, and show in no reading of the log', async () => {
      await using bed = await KurrentBed.open(under)
      const store = bed.storeOver(bed.client, { catalogs: [accountEvents] })
      const snapshots = kurrentdbSnapshotStore({ client: bed.client })
      const repository = new Repository({
        store,
        snapshots,
        snapshotPolicy: everyEvents(2),
        logger: silent,
      })
      for (let cents = 1; cents <= 5; cents++) {
        await repository.execute(account, '42', { type: 'Deposit', cents })
        await repository.idle()
      }

      const { state } = await repository.load(account, '42')

      expect(state).toMatchObject({ cents: 15 })
      expect(await snapshots.find(streamId('account', '42'), ANY)).toMatchObject({ version: 4 })
      const types: string[] = []
      for await (const { events } of store.readAll())
        types.push(...events.map((event) => event.type))
      expect(new Set(types)).toEqual(new Set(['MoneyDeposited']))
      expect(await store.head()).toMatchObject({ position: lastOf(bed, 'account-42') })
    })

    test("are kept by appends and reads alone: the clients' calls for metadata are traps (5, 6)", async () => {
      await using bed = await KurrentBed.open(under)
      const called = new Set<string>()
      const client = new Proxy(bed.client, {
        get: (target, name: keyof TestClient) => {
          const member: unknown = target[name]
          if (typeof member !== 'function') return member
          return (...args: unknown[]): unknown => {
            called.add(name)
            return Reflect.apply(member, target, args)
          }
        },
      })
      const snapshots = kurrentdbSnapshotStore({ client })

      for (const version of [10, 20, 30]) await snapshots.save(snapshotAt(version), { keep: 2 })

      expect([...called].sort()).toEqual(['appendToStream', 'readStream'])
      expect(bed.server.log.stream(`$$-snapshots-account-42`).events).toHaveLength(1)
    })

    test('are cut by the server, also after one that came late', async () => {
      await using bed = await KurrentBed.open(under)
      const snapshots = kurrentdbSnapshotStore({ client: bed.client })
      const stream = streamId('account', '42')
      for (const version of [10, 30, 50, 40, 60, 20])
        await snapshots.save(snapshotAt(version), { keep: 2 })

      const records = await readRaw(bed.client, `-snapshots-${stream}`)

      expect(records.map(({ event }) => (event?.data as Snapshot).version)).toEqual([50, 60])
    })

    test('that were removed are not left on the server', async () => {
      await using bed = await KurrentBed.open(under)
      const snapshots = kurrentdbSnapshotStore({ client: bed.client })
      const stream = streamId('account', '42')
      for (const version of [10, 20, 30]) await snapshots.save(snapshotAt(version), { keep: 3 })
      await snapshots.delete(stream, 30)
      const left = await readRaw(bed.client, `-snapshots-${stream}`)
      await snapshots.delete(stream)

      const none = await readRaw(bed.client, `-snapshots-${stream}`)

      expect(left.map(({ event }) => (event?.data as Snapshot).version)).toEqual([10, 20])
      expect(none.map(({ event }) => event?.data)).toEqual([{}])
      await snapshots.save(snapshotAt(40), { keep: 3 })
      expect(await snapshots.find(stream, ANY)).toMatchObject({ version: 40 })
    })

    test('have an end when the server says nothing, and are found beside what others wrote', async () => {
      await using bed = await KurrentBed.open(under)
      const snapshots = kurrentdbSnapshotStore({ client: bed.client, timeoutMs: 3000 })
      const stream = streamId('account', '42')
      await appendRaw(bed.client, `-snapshots-${stream}`)
      expect(await snapshots.find(stream, ANY)).toBeUndefined()
      await appendRaw(bed.client, anyStream())
      bed.server.faults.strike('read', { kind: 'silence' }, { kind: 'silence' })

      const find = snapshots.find(stream, ANY)

      await expect(find).rejects.toMatchObject({ code: 'KURRENT_UNAVAILABLE' })
    })
  })
}

function testContract({ clientPackage, open }: ClientUnderTest): void {
  const server = new KurrentServer({ clientPackage })
  let client: TestClient

  beforeAll(async () => {
    await server.start()
    client = open(server.url)
  })

  afterAll(async () => {
    await client.dispose()
    await server.stop()
  })

  snapshotStoreContract(jest, {
    name: `kurrentdbSnapshotStore with ${clientPackage}, in-process server`,
    open: () => kurrentdbSnapshotStore({ client }),
  })
}

const ANY = { fingerprint: 'of nobody' } as const

const snapshotAt = (version: number): Snapshot => ({
  streamId: streamId('account', '42'),
  version,
  position: globalPosition(version * 10),
  eventId: '0192f0c0-0000-7000-8000-000000000001',
  state: JSON.stringify({ cents: version }),
  fingerprint: 'ours',
  recordedAtMs: version * 1000,
  occurredAtMs: version * 1000,
})

const lastOf = ({ server }: KurrentBed, name: string): bigint | undefined =>
  server.log.stream(name).events.at(-1)?.position
