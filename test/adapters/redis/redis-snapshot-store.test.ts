import * as jest from '@jest/globals'
import { expect, test } from '@jest/globals'
import { memoryEventStore } from '../../../src/adapters/memory/index.ts'
import { redisSnapshotStore } from '../../../src/adapters/redis/index.ts'
import { everyEvents, Repository, streamId } from '../../../src/index.ts'
import { snapshotStoreContract } from '../../../src/testing/index.ts'
import { account, accountEvents } from '../../domain/account.ts'
import { silent } from '../../projections/runner-fixture.ts'
import {
  anyPrefix,
  connect,
  describeOnRedis,
  keysOf,
  redisUrl,
  removeKeys,
  skipped,
  type ConnectedClient,
} from './redis-server.ts'

const prefixes: string[] = []
let connected: ConnectedClient | undefined

async function open() {
  const client = (connected ??= await connect(redisUrl()))
  const prefix = anyPrefix()
  prefixes.push(prefix)
  return { client, prefix, snapshots: redisSnapshotStore({ client, prefix }) }
}

jest.afterAll(async () => {
  if (connected === undefined) return
  for (const prefix of prefixes) await removeKeys(connected, prefix)
  await connected.close()
})

snapshotStoreContract(jest, {
  name: 'redisSnapshotStore',
  skipped,
  open: async () => (await open()).snapshots,
})

describeOnRedis('snapshots in Redis', () => {
  const stream = streamId('account', '42')

  async function deposits(count: number) {
    const opened = await open()
    const store = memoryEventStore({ catalogs: [accountEvents] })
    const options = { store, snapshots: opened.snapshots, snapshotPolicy: everyEvents(2) }
    const repository = new Repository({ ...options, logger: silent })
    for (let cents = 1; cents <= count; cents++) {
      await repository.execute(account, '42', { type: 'Deposit', cents })
      await repository.idle()
    }
    return { ...opened, repository }
  }

  test('shorten loads, and lie in one hash for each stream', async () => {
    const { client, prefix, repository } = await deposits(5)

    const { state } = await repository.load(account, '42')

    expect(state.cents).toBe(15)
    expect(repository.snapshotCounts).toMatchObject({ taken: 2, failed: 0, ignored: 0 })
    expect(await keysOf(client, prefix)).toEqual([`${prefix}:account-42`])
    expect(await client.sendCommand(['HGET', `${prefix}:account-42`, 'state:4'])).toBe(
      '{"isClosed":false,"cents":10}',
    )
  })

  test('that are broken are passed over', async () => {
    const { client, prefix, repository } = await deposits(4)
    await client.sendCommand(['HSET', `${prefix}:account-42`, 'state:4', '{"cents":'])

    const { state } = await repository.load(account, '42')

    expect(state.cents).toBe(10)
    expect(repository.snapshotCounts).toMatchObject({ ignored: 1, failed: 0 })
  })

  test('that Redis has lost cost time only', async () => {
    const { client, prefix, repository } = await deposits(4)
    await removeKeys(client, prefix)

    expect((await repository.load(account, '42')).state.cents).toBe(10)
  })

  test('find no place where a key holds something else', async () => {
    const { client, prefix, repository, snapshots } = await deposits(1)
    await client.sendCommand(['SET', `${prefix}:account-42`, 'mine'])

    const find = snapshots.find(stream, { fingerprint: 'f' })

    await expect(find).rejects.toMatchObject({ code: 'REDIS_REFUSED' })
    expect((await repository.load(account, '42')).state.cents).toBe(1)
    expect(await client.sendCommand(['GET', `${prefix}:account-42`])).toBe('mine')
  })

  test.each(['', '{a}', 'a}'])('are refused under the prefix %j', async (prefix) => {
    const { client } = await open()

    expect(() => redisSnapshotStore({ client, prefix })).toThrow(TypeError)
  })
})
