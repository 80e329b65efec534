import type { EventStoreDBClient } from '@eventstore/db-client'
import { kurrentdbEventStore } from '../../src/adapters/kurrentdb/index.ts'
import { streamId, type EventStore } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { LogTally } from '../log-read/log-tally.ts'
import { accountEvents, paymentOf } from '../workload/account.ts'
import { kurrent } from './kurrent-server.ts'

const STREAMS = 5
const EVENTS_EACH = 1000
export const READ_EVENTS: number = STREAMS * EVENTS_EACH

const ids = Array.from({ length: STREAMS }, (_, number) => streamId('account', String(number)))

/** Fills the log anew, and gives a store and the bare client over it. */
export async function filled(): Promise<{ store: EventStore; client: EventStoreDBClient }> {
  const server = await kurrent()
  const { client } = server
  await server.empty()
  const store = kurrentdbEventStore({ client, catalogs: [accountEvents] })
  for (const [index, id] of ids.entries()) {
    const events = Array.from({ length: EVENTS_EACH }, (_, number) =>
      accountEvents.MoneyDeposited(paymentOf(index * EVENTS_EACH + number)),
    )
    await store.append(id, events, { expectedVersion: 0 })
  }
  return { store, client }
}

export const storeStreams = (store: EventStore): Side =>
  tallied(async (tally) => {
    for (const id of ids)
      for await (const { events } of store.readStream(id))
        for (const { streamId: stream, version, data } of events) tally.add(stream, version, data)
  })

export const clientStreams = (client: EventStoreDBClient): Side =>
  tallied(async (tally) => {
    for (const id of ids)
      for await (const { event } of client.readStream(id, { maxCount: 2000 }))
        if (event !== undefined) tally.add(event.streamId, Number(event.revision) + 1, event.data)
  })

export const clientLog = (client: EventStoreDBClient): Side =>
  tallied(async (tally) => {
    for await (const { event } of client.readAll()) {
      if (event === undefined || event.type.startsWith('$')) continue
      tally.add(event.streamId, Number(event.revision) + 1, event.data)
      tally.addPlace(Number(event.position.commit), event.type)
    }
  })

function tallied(work: (tally: LogTally) => Promise<void>): Side {
  return {
    prepare: async () => {
      const tally = new LogTally()
      return { work: () => work(tally), finish: async () => tally.toString() }
    },
  }
}
