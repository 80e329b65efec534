import { KurrentDBClient } from '@kurrent/kurrentdb-client'
import { expect, test } from '@jest/globals'
import { kurrentdbEventStore } from '../../../src/adapters/kurrentdb/index.ts'
import { streamId } from '../../../src/index.ts'
import { testClassicAppends } from './classic-append-tests.ts'
import { accountEvents, deposited, KurrentBed } from './kurrent-bed.ts'
import { kurrentDBClient } from './kurrentdb-client.ts'

testClassicAppends(kurrentDBClient)

test('a client with a provider of credentials appends by the classic call on any server, within the same time', async () => {
  await using bed = await KurrentBed.open(kurrentDBClient)
  const client = KurrentDBClient.connectionString(bed.server.url)
  client.setCredentialsProvider(async () => ({ username: 'admin', password: 'secret' }))
  const store = kurrentdbEventStore({ client, catalogs: [accountEvents], timeoutMs: 400 })
  bed.server.faults.strike('append', { kind: 'silence', after: 'written' })

  const append = store.append(streamId('account', '1'), [deposited(1)], { expectedVersion: 'any' })

  await expect(append).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  expect(bed.server.faults.take('append')).toBeUndefined()
  expect(bed.server.log.events).toHaveLength(1)
  await client.dispose()
})
