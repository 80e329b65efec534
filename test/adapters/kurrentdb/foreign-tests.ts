import { describe, expect, test } from '@jest/globals'
import type { RecordedEvent, StreamId } from '../../../src/index.ts'
import { accountEvents, deposited, KurrentBed } from './kurrent-bed.ts'
import { anyStream, appendRaw, proposals, readRaw } from './proposals.ts'
import type { ClientUnderTest, TestClient } from './test-client.ts'

const anyAccount = (): StreamId => anyStream() as StreamId

/** What other tools write, what they read of ours, deleted streams, and servers that cannot be used. */
export function testForeign(under: ClientUnderTest): void {
  describe(`${under.clientPackage} beside others`, () => {
    test('reads events that other tools wrote', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      const [plain, correlated, empty] = proposals(3, 'Noted')
      const events = [
        { ...plain, data: 'text', metadata: undefined },
        { ...correlated, metadata: { $correlationId: 'c', $causationId: 'd', mine: 1 } },
        { ...empty, data: [1, 2], metadata: new Uint8Array(Buffer.from('no json')) },
        {
          ...proposals(1, 'Noted')[0],
          contentType: 'application/octet-stream',
          data: Buffer.from([1, 2, 255]),
        },
      ]
      await appendRaw(bed.client, account, { events: events as never })

      const read = await eventsOf(bed, account)

      expect(read.map(({ data }) => data)).toEqual([
        'text',
        { number: 2 },
        [1, 2],
        { base64: 'AQL/' },
      ])
      expect(read.map(({ metadata }) => metadata)).toEqual([
        {},
        { correlationId: 'c', causationId: 'd', $correlationId: 'c', $causationId: 'd', mine: 1 },
        {},
        {},
      ])
      expect(read.map(({ schemaVersion }) => schemaVersion)).toEqual([1, 1, 1, 1])
      expect(read[0]?.occurredAt).toEqual(read[0]?.recordedAt)
    })

    test("writes metadata that other tools understand, and gives back the user's", async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      const metadata = { correlationId: 'c', causationId: 'd', userId: 'u' }
      const occurredAt = new Date('1999-12-31T23:59:59.999Z')
      const clash = { everfold: 1, $correlationId: { any: 'thing' } }
      await bed.store.append(
        account,
        [
          { ...deposited(1), metadata, occurredAt },
          { ...deposited(2), metadata: clash },
        ],
        { expectedVersion: 0 },
      )

      const [raw] = await readRaw(bed.client, account)
      const read = await eventsOf(bed, account)

      expect(raw?.event?.metadata).toEqual({
        ...metadata,
        $correlationId: 'c',
        $causationId: 'd',
        everfold: { schemaVersion: 1, occurredAt: '1999-12-31T23:59:59.999Z' },
      })
      expect(read.map((event) => event.metadata)).toEqual([metadata, clash])
      expect(read[0]?.occurredAt).toEqual(occurredAt)
    })

    test('takes a soft-deleted stream for an unwritten one whose numbers go on', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      await bed.store.append(account, [deposited(1), deposited(2)], { expectedVersion: 0 })
      await bed.client.deleteStream(account)

      const before = await eventsOf(bed, account)
      const exists = bed.store.append(account, [deposited(3)], { expectedVersion: 'stream-exists' })
      await expect(exists).rejects.toMatchObject({ code: 'WRONG_EXPECTED_VERSION' })
      const { version } = await bed.store.append(account, [deposited(3)], { expectedVersion: 0 })

      expect(before).toEqual([])
      expect(version).toBe(3)
      expect((await eventsOf(bed, account)).map((event) => event.version)).toEqual([3])
    })

    test('reads what a truncated stream still shows, both ways', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      const events = Array.from({ length: 9 }, (_, cents) => deposited(cents))
      await bed.store.append(account, events, { expectedVersion: 0 })
      await bed.client.setStreamMetadata(account, { truncateBefore: 4 })

      const forwards = await eventsOf(bed, account, { pageSize: 2 })
      const backwards = await eventsOf(bed, account, { pageSize: 2, direction: 'backwards' })

      expect(forwards.map(({ version }) => version)).toEqual([5, 6, 7, 8, 9])
      expect(backwards.map(({ version }) => version)).toEqual([9, 8, 7, 6, 5])
    })

    test('names a tombstoned stream when it is read', async () => {
      await using bed = await KurrentBed.open(under)
      const account = anyAccount()
      await bed.store.append(account, [deposited(1)], { expectedVersion: 0 })
      await bed.client.tombstoneStream(account)

      const read = eventsOf(bed, account)

      await expect(read).rejects.toMatchObject({ code: 'STREAM_TOMBSTONED', streamId: account })
    })

    test('finds a command among the last events only, and says so', async () => {
      await using bed = await KurrentBed.open(under, { store: { commandLookBack: 5 } })
      const account = anyAccount()
      await bed.store.append(account, [deposited(1)], { expectedVersion: 0, commandId: 'one' })
      const found = await bed.store.findCommand(account, 'one')
      await bed.store.append(account, Array.from({ length: 5 }, deposited.bind(null, 1)), {
        expectedVersion: 1,
      })

      const lost = await bed.store.findCommand(account, 'one')

      expect(found?.version).toBe(1)
      expect(lost).toBeUndefined()
      expect(bed.store.capabilities.commandLookBack).toBe(5)
    })

    test('tells whether it appends to several streams, and refuses it with the reason', async () => {
      await using bed = await KurrentBed.open(under)
      const can = under.clientPackage === '@kurrent/kurrentdb-client'

      const { appendAll } = bed.store.capabilities
      const appended = await bed.store.appendAll([]).catch(String)

      expect(appendAll === true).toBe(can)
      if (can) expect(appended).toEqual([])
      else expect(appended).toMatch(/several streams at once: @eventstore\/db-client .* 25\.1/)
    })

    test('keeps control characters and letters beyond ASCII', async () => {
      await using bed = await KurrentBed.open(under)
      const text = '\u0018 \u0118 \u0000 \ud83d\ude00 \ud800'
      const account = anyAccount()
      const noted = { ...accountEvents.Noted(text), metadata: { [text]: text } }
      await bed.store.append(account, [noted], { expectedVersion: 0 })

      const [event] = await eventsOf(bed, account)

      expect(event).toMatchObject({ data: text, metadata: { [text]: text } })
    })

    test('tells a user without the right to $all', async () => {
      await using bed = await KurrentBed.open(under, { server: { deniesAll: true } })

      const head = bed.store.head()

      await expect(head).rejects.toMatchObject({ code: 'ACCESS_DENIED', subject: '$all' })
      await expect(head).rejects.toThrow(/\$admins/)
    })

    test('names a server that is too old', async () => {
      await using bed = await KurrentBed.open(under, { server: { version: '20.6' } })
      const account = anyAccount()
      await appendRaw(bed.client, account)

      const read = eventsOf(bed, account)

      await expect(read).rejects.toMatchObject({ code: 'SERVER_TOO_OLD', minimumVersion: '22.6' })
    })

    test.each<readonly [string, (url: string) => string, RegExp]>([
      [
        'a port where nobody listens',
        (url) => url.replace(/:\d+/, ':1'),
        /check host, port|tls=false/,
      ],
      ['a host that does not exist', (url) => url.replace('127.0.0.1', 'nowhere.invalid'), /host/],
      [
        'TLS, of a server that has none',
        (url) => url.replace('tls=false', 'tls=true'),
        /tls=false/,
      ],
    ])('names the remedy for %s', async (_, change, remedy) => {
      await using bed = await KurrentBed.open(under)
      const client: TestClient = bed.anotherClient(change(bed.server.url))
      const store = bed.storeOver(client, { appendDeadlineMs: 0, timeoutMs: 5000 })

      const read = store.head()
      const append = store.append(anyAccount(), [deposited(1)], { expectedVersion: 'any' })
      append.catch(() => undefined)

      await expect(read).rejects.toMatchObject({ code: 'KURRENT_UNAVAILABLE', retryable: true })
      await expect(read).rejects.toThrow(remedy)
      await expect(append).rejects.toMatchObject({
        code: expect.stringMatching(/^(KURRENT_UNAVAILABLE|OUTCOME_UNKNOWN)$/),
      })
    })
  })
}

async function eventsOf(
  { store }: KurrentBed,
  streamId: StreamId,
  options: { readonly pageSize?: number; readonly direction?: 'backwards' } = {},
): Promise<readonly RecordedEvent[]> {
  const read: RecordedEvent[] = []
  for await (const { events } of store.readStream(streamId, options)) read.push(...events)
  return read
}
