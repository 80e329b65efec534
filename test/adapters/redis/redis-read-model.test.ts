import * as jest from '@jest/globals'
import { RedisReadModel } from '../../../src/adapters/redis/index.ts'
import { readModelContract } from '../../../src/testing/contracts/read-model-contract.ts'
import {
  anyPrefix,
  connect,
  redisUrl,
  removeKeys,
  skipped,
  type ConnectedClient,
} from './redis-server.ts'

const prefixes: string[] = []
let client: ConnectedClient | undefined

readModelContract(jest, {
  name: 'RedisReadModel',
  skipped,
  open: async () => {
    client ??= await connect(redisUrl())
    const prefix = anyPrefix()
    prefixes.push(prefix)
    return new RedisReadModel({ client, prefix, dropGraceMs: 0 })
  },
})

jest.afterAll(async () => {
  if (client === undefined) return
  for (const prefix of prefixes) await removeKeys(client, prefix)
  await client.close()
})
