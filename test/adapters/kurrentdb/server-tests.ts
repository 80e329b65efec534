import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { KurrentPosition } from '../../../src/adapters/kurrentdb/client/kurrent-client.ts'
import { eventually } from '../../faults/eventually.ts'
import { anyStream, appendRaw, proposals, readAllRaw, readRaw } from './proposals.ts'
import { KurrentServer } from './server/kurrent-server.ts'
import type { ClientUnderTest, TestClient } from './test-client.ts'

/** What the in-process server does, seen through a bare client: the rules that the adapter's tests rest on. */
export function testServer({ clientPackage, open }: ClientUnderTest): void {
  describe(`the in-process server with ${clientPackage}`, () => {
    const server = new KurrentServer({ clientPackage, maxAppendSize: 1024 * 1024 })
    const classic = new KurrentServer({
      clientPackage,
      version: '20.6',
      maxAppendSize: 1024 * 1024,
    })
    let client: TestClient
    let old: TestClient

    beforeAll(async () => {
      await server.start()
      await classic.start()
      client = open(server.url)
      old = open(classic.url)
    })

    afterAll(async () => {
      await client.dispose()
      await old.dispose()
      await server.stop()
      await classic.stop()
    })

    test('answers appends with the revision and position of the last event, batch and classic', async () => {
      const stream = anyStream()

      const batch = await appendRaw(client, stream, { events: proposals(3), expected: 'no_stream' })
      const single = await appendRaw(old, stream, { events: proposals(3), expected: 'no_stream' })

      const last = server.log.stream(stream).events.at(-1)
      expect(batch).toMatchObject({ success: true, nextExpectedRevision: 2n })
      expect(batch.position?.commit).toBe(last?.position)
      expect(single).toMatchObject({ success: true, nextExpectedRevision: 2n })
    })

    test('refuses stale expectations with what it is at', async () => {
      const stream = anyStream()
      await appendRaw(client, stream, { events: proposals(2) })
      await appendRaw(old, stream, { events: proposals(2) })

      const refusals = [client, old].flatMap((each) => [
        appendRaw(each, stream, { expected: 'no_stream' }),
        appendRaw(each, stream, { expected: 7n }),
      ])
      const missing = appendRaw(client, anyStream(), { expected: 'stream_exists' })

      for (const refusal of refusals)
        await expect(refusal).rejects.toMatchObject({ type: 'wrong-expected-version' })
      await expect(missing).rejects.toMatchObject({ type: 'wrong-expected-version' })
    })

    test('answers a repeated append under a revision or no_stream with the first place', async () => {
      const stream = anyStream()
      const [first, second] = [proposals(2), proposals(2)]
      await appendRaw(client, stream, { events: first, expected: 'no_stream' })
      await appendRaw(client, stream, { events: second, expected: 1n })

      const again = await appendRaw(client, stream, { events: first, expected: 'no_stream' })
      const later = await appendRaw(client, stream, { events: second, expected: 1n })
      const partial = appendRaw(client, stream, {
        events: [...first, ...proposals(2)],
        expected: 'no_stream',
      })

      expect([again.nextExpectedRevision, later.nextExpectedRevision]).toEqual([1n, 3n])
      await expect(partial).rejects.toMatchObject({ type: 'wrong-expected-version' })
      expect(server.log.stream(stream).events).toHaveLength(4)
    })

    test('knows a repeated append under any from its recent ids', async () => {
      const stream = anyStream()
      const events = proposals(2)
      await appendRaw(client, stream, { events })

      const again = await appendRaw(client, stream, { events })

      expect(again.nextExpectedRevision).toBe(1n)
      expect(server.log.stream(stream).events).toHaveLength(2)
    })

    test('refuses appends above its size, batch and classic', async () => {
      const events = proposals(1).map((event) => ({
        ...event,
        data: { text: 'x'.repeat(1_100_000) },
      }))

      const refusals = [client, old].map((each) => appendRaw(each, anyStream(), { events }))

      for (const refusal of refusals)
        await expect(refusal).rejects.toMatchObject({
          type: 'maximum-append-size-exceeded',
          maxAppendSize: 1024 * 1024,
        })
    })

    test('reads inclusive of its start, both ways', async () => {
      const stream = anyStream()
      await appendRaw(client, stream, { events: proposals(5) })
      const options = {
        maxCount: 2,
        resolveLinkTos: false,
        requiresLeader: true,
        deadline: 5000,
      } as const

      const read = async (direction: 'forwards' | 'backwards'): Promise<bigint[]> => {
        const revisions: bigint[] = []
        const events = client.readStream(stream, { ...options, fromRevision: 2n, direction })
        for await (const { event } of events) revisions.push(event?.revision ?? -1n)
        return revisions
      }

      expect(await read('forwards')).toEqual([2n, 3n])
      expect(await read('backwards')).toEqual([2n, 1n])
    })

    test('tells a missing stream from a tombstoned one', async () => {
      const [missing, tombstoned, deleted] = [anyStream(), anyStream(), anyStream()]
      await appendRaw(client, tombstoned)
      await appendRaw(client, deleted)
      await client.tombstoneStream(tombstoned)
      await client.deleteStream(deleted)

      await expect(readRaw(client, missing)).rejects.toMatchObject({ type: 'stream-not-found' })
      await expect(readRaw(client, deleted)).rejects.toMatchObject({ type: 'stream-not-found' })
      await expect(readRaw(client, tombstoned)).rejects.toMatchObject({ type: 'stream-deleted' })
      await expect(appendRaw(client, tombstoned)).rejects.toMatchObject({ type: 'stream-deleted' })
    })

    test('lets a soft-deleted stream go on with its numbers', async () => {
      const stream = anyStream()
      await appendRaw(client, stream, { events: proposals(3) })
      await client.deleteStream(stream)
      const exists = appendRaw(client, stream, { expected: 'stream_exists' })
      await expect(exists).rejects.toMatchObject({ type: 'wrong-expected-version' })

      const { nextExpectedRevision } = await appendRaw(client, stream, { expected: 'no_stream' })

      expect(nextExpectedRevision).toBe(3n)
      expect((await readRaw(client, stream)).map(({ event }) => event?.revision)).toEqual([3n])
    })

    test('hides what maxCount and truncateBefore hide from stream reads, not from $all', async () => {
      const stream = anyStream()
      await appendRaw(client, stream, { events: proposals(5) })

      await client.setStreamMetadata(stream, { maxCount: 2 })
      const counted = await readRaw(client, stream)
      await client.setStreamMetadata(stream, { truncateBefore: 4 })
      const truncated = await readRaw(client, stream)

      const inLog = (await readAllRaw(client)).filter(({ event }) => event?.streamId === stream)
      expect(counted.map(({ event }) => event?.revision)).toEqual([3n, 4n])
      expect(truncated.map(({ event }) => event?.revision)).toEqual([4n])
      expect(inLog).toHaveLength(5)
    })

    test('shows system events in $all, and reads it from a position inclusively', async () => {
      const stream = anyStream()
      const { position } = await appendRaw(client, stream)
      await client.setStreamMetadata(stream, { maxCount: 2 })

      const fromPosition = position as KurrentPosition
      const events = await readAllRaw(client, { fromPosition })

      expect(events.map(({ event }) => event?.streamId)).toEqual([stream, `$$${stream}`])
    })

    test('finds nothing at a position that no event has', async () => {
      const { position } = await appendRaw(client, anyStream())
      await appendRaw(client, anyStream())
      const commit = (position?.commit ?? 0n) + 1n

      const read = readAllRaw(client, { fromPosition: { commit, prepare: commit } })

      await expect(read).rejects.toMatchObject({ type: 'unknown' })
    })

    test('begins a subscription after its position, filters it, and tells when it is live', async () => {
      const { position } = await appendRaw(client, anyStream())
      const wanted = anyStream('wanted')
      await appendRaw(client, anyStream('other'), { events: proposals(5) })
      await appendRaw(client, wanted, { events: proposals(2) })
      const log: string[] = []
      const checkpoints: bigint[] = []
      const subscription = client.subscribeToAll({
        fromPosition: position as KurrentPosition,
        resolveLinkTos: false,
        requiresLeader: true,
        filter: {
          filterOn: 'streamName',
          prefixes: ['wanted-'],
          checkpointInterval: 1,
          maxSearchWindow: 4,
          checkpointReached: async (_, { commit }) => void checkpoints.push(commit),
        },
      })
      subscription.on('caughtUp', () => {
        log.push('caught up')
        void appendRaw(client, wanted, { events: proposals(1) })
      })
      for await (const { event } of subscription) {
        log.push(`${event?.streamId === wanted} ${event?.revision}`)
        if (event?.revision === 2n) break
      }
      await subscription.unsubscribe()

      expect(log).toEqual(['true 0', 'true 1', 'caught up', 'true 2'])
      const positions = server.log.events.map((event) => event.position)
      // After four of the seven events, and at the end.
      expect(checkpoints).toEqual([positions.at(-5), positions.at(-2)])
    })

    test('forgets a call that its client cancelled', async () => {
      await eventually(() => server.openCalls.count === 0)
      const subscription = client.subscribeToAll({
        fromPosition: 'start',
        resolveLinkTos: false,
        requiresLeader: true,
        filter: {
          filterOn: 'eventType',
          regex: '^[^$].*',
          checkpointInterval: 1,
          maxSearchWindow: 32,
          checkpointReached: async () => undefined,
        },
      })
      await appendRaw(client, anyStream())
      for await (const { event } of subscription) if (event !== undefined) break
      const during = server.openCalls.count
      await subscription.unsubscribe()

      expect(during).toBe(1)
      await eventually(() => server.openCalls.count === 0)
      expect(server.openCalls.count).toBe(0)
    })

    test('drops an append before and after it was written', async () => {
      const [before, after] = [anyStream(), anyStream()]
      server.faults.strike('batch-append', { kind: 'drop' })
      const lost = appendRaw(client, before)
      await expect(lost).rejects.toMatchObject({ type: 'unavailable' })

      server.faults.strike('batch-append', { kind: 'drop', after: 'written' })
      const written = appendRaw(client, after)

      await expect(written).rejects.toMatchObject({ type: 'unavailable' })
      expect(server.log.stream(before).events).toHaveLength(0)
      expect(server.log.stream(after).events).toHaveLength(1)
    })

    test('ends a read and a subscription as its faults say', async () => {
      const stream = anyStream()
      await appendRaw(client, stream, { events: proposals(5) })
      server.faults.strike('read', { kind: 'drop', after: 2 }, { kind: 'end', after: 3 })

      const dropped = readRaw(client, stream)

      await expect(dropped).rejects.toMatchObject({ type: 'unavailable' })
      expect(await readRaw(client, stream)).toHaveLength(3)
    })

    test('keeps what was written over a restart, and lacks what a restore took back', async () => {
      const stream = anyStream()
      const { position } = await appendRaw(client, stream, { events: proposals(2) })
      await appendRaw(client, stream, { events: proposals(1) })

      server.log.setBack(position?.commit ?? 0n)
      await server.restart()

      const again = open(server.url)
      expect(await readRaw(again, stream)).toHaveLength(2)
      await again.dispose()
    })

    test('gives the id that an event was proposed with', async () => {
      const stream = anyStream()
      const id = randomUUID()
      await appendRaw(client, stream, { events: proposals(1).map((event) => ({ ...event, id })) })

      const [read] = await readRaw(client, stream)

      expect(read?.event?.id).toBe(id)
    })
  })
}
