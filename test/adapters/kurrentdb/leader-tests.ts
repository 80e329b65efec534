import { describe, expect, test } from '@jest/globals'
import type { EventStore, LogPage, RecordedEvent, StreamId } from '../../../src/index.ts'
import { eventually } from '../../faults/eventually.ts'
import { deposited, KurrentBed } from './kurrent-bed.ts'
import { appendRaw } from './proposals.ts'
import type { ClientUnderTest } from './test-client.ts'

const account = 'account-led' as StreamId

const READS: readonly (readonly [string, (store: EventStore) => Promise<unknown>])[] = [
  ['a stream', async (store) => eventsIn(store.readStream(account))],
  ['the log', async (store) => eventsIn(store.readAll())],
  ['the log by a filter', async (store) => eventsIn(store.readAll({ types: ['Deposited'] }))],
  ['the head', async (store) => store.head()],
  ['a command', async (store) => store.findCommand(account, 'one')],
]

/** A client that is connected to a follower, which lags behind its leader. */
export function testLeader(under: ClientUnderTest): void {
  describe(`the leader, looked for through ${under.clientPackage}`, () => {
    test.each(READS)('is asked for %s', async (_, read) => {
      await using beds = await Cluster.open(under)
      await beds.leader.store.append(account, [deposited(1), deposited(2)], {
        expectedVersion: 0,
        commandId: 'one',
      })

      const atLeader = await read(beds.leader.store)
      const throughFollower = await read(beds.follower.store)

      expect(throughFollower).toEqual(atLeader)
      expect(atLeader).not.toEqual([])
      expect(atLeader).toBeDefined()
    })

    test('tells of new events by a subscription', async () => {
      await using beds = await Cluster.open(under)
      const { leader, follower } = beds
      // Nothing but the subscription can tell of the event in time.
      const store = follower.storeOver(follower.client, { pollIntervalMs: 60_000 })
      const pages = store.subscribe()[Symbol.asyncIterator]()
      const coming = pages.next()
      await eventually(() => leader.server.openSubscriptions.count === 1)

      await leader.store.append(account, [deposited(1)], { expectedVersion: 0 })

      const { events } = (await coming).value as LogPage
      expect(events).toMatchObject([{ version: 1, data: { cents: 1 } }])
      expect(leader.server.openSubscriptions.count).toBe(1)
      await pages.return?.()
    })

    test.each(READS)('cannot be asked for %s while there is none', async (_, read) => {
      await using bed = await KurrentBed.open(under, { server: { leaderPort: 1 } })

      const reading = read(bed.store)

      await expect(reading).rejects.toMatchObject({ code: 'KURRENT_UNAVAILABLE', retryable: true })
    })
  })
}

/** Two servers; the follower holds only what was before all that the tests write. */
class Cluster implements AsyncDisposable {
  readonly leader: KurrentBed
  readonly follower: KurrentBed

  private constructor(leader: KurrentBed, follower: KurrentBed) {
    this.leader = leader
    this.follower = follower
  }

  static async open(under: ClientUnderTest): Promise<Cluster> {
    const leader = await KurrentBed.open(under)
    const follower = await KurrentBed.open(under, { server: { leaderPort: leader.server.port } })
    await appendRaw(follower.client, 'nodash')
    return new Cluster(leader, follower)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.follower[Symbol.asyncDispose]()
    await this.leader[Symbol.asyncDispose]()
  }
}

async function eventsIn(
  pages: AsyncIterable<{ readonly events: readonly RecordedEvent[] }>,
): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = []
  for await (const { events } of pages) found.push(...events)
  return found
}
