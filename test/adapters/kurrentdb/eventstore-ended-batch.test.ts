import { expect, test } from '@jest/globals'
import { deposited, KurrentBed } from './kurrent-bed.ts'
import { eventStoreClient } from './eventstore-client.ts'
import { anyStream } from './proposals.ts'
import type { StreamId } from '../../../src/index.ts'

const anyAccount = (): StreamId => anyStream() as StreamId
const QUICK = { timeoutMs: 1000, appendDeadlineMs: 2500 }

test('appends end in time when the server has ended their call without an error, and a new client goes on', async () => {
  await using bed = await KurrentBed.open(eventStoreClient)
  // Never disposed of: that would wait for the call, for ever. Its connection ends with the server.
  const client = eventStoreClient.open(bed.server.url)
  const store = bed.storeOver(client, QUICK)
  const account = anyAccount()
  await store.append(account, [deposited(1)], { expectedVersion: 'no-stream' })
  bed.server.faults.strike('batch-append', { kind: 'end', after: 0 })

  const ended = store.append(account, [deposited(2)], { expectedVersion: 'any' })
  await expect(ended).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  const next = store.append(account, [deposited(3)], { expectedVersion: 1 })
  await expect(next).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  const { version } = await bed.store.append(account, [deposited(3)], { expectedVersion: 1 })

  expect(version).toBe(2)
  expect(bed.server.log.stream(account).events).toHaveLength(2)
})
