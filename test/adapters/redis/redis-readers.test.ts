import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RedisReadModel } from '../../../src/adapters/redis/index.ts'
import {
  documentOf,
  many,
  put,
  type ContractDocument,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { ContractModel } from '../../../src/testing/contracts/read-model/contract-model.ts'
import {
  anyPrefix,
  connect,
  describeOnRedis,
  keysOf,
  redisUrl,
  removeKeys,
  type ConnectedClient,
} from './redis-server.ts'

describeOnRedis('readers of a RedisReadModel', () => {
  const prefixes: string[] = []
  let client: ConnectedClient
  let sent: string[] = []

  beforeAll(async () => {
    client = await connect(redisUrl())
  })
  afterAll(async () => {
    for (const prefix of prefixes) await removeKeys(client, prefix)
    await client.close()
  })

  const open = (prefix: string, dropGraceMs = 0) => {
    const counted = {
      options: client.options,
      sendCommand: (args: readonly string[], options?: object) => {
        sent.push(args[0] ?? '')
        return client.sendCommand(args, options)
      },
    }
    prefixes.push(prefix)
    return new RedisReadModel<ContractDocument>({ client: counted, prefix, dropGraceMs })
  }
  const make = async (dropGraceMs = 0) => {
    const prefix = anyPrefix()
    const given = new ContractModel(open(prefix, dropGraceMs), documentOf())
    return { prefix, given, build: await given.build() }
  }

  test('ask once for documents that they read one after the other', async () => {
    const { prefix, given, build } = await make()
    await given.write(build, [put('a'), put('b')])
    const reader = open(prefix)
    await reader.get('a')

    sent = []
    await reader.get('b')
    await reader.get('a')

    expect(sent).toEqual(['EVALSHA', 'EVALSHA'])
  })

  test('of another process see the new build as soon as the one that they knew is gone', async () => {
    const { prefix, given, build } = await make()
    await given.write(build, [put('a', { count: 1 })])
    const building = await given.buildBeside()
    await given.write(building, [put('a', { count: 2 })])
    const reader = open(prefix)
    const before = await reader.get('a')

    await given.switch()
    await given.storage.drop(build)

    expect(before).toMatchObject({ count: 1 })
    expect(await reader.get('a')).toMatchObject({ count: 2 })
  })

  test('of this process see a switch at once', async () => {
    const { given, build } = await make()
    await given.write(build, [put('a', { count: 1 })])
    const building = await given.buildBeside()
    await given.write(building, [put('a', { count: 2 })])
    await given.model.get('a')

    await given.switch()

    expect(await given.model.get('a')).toMatchObject({ count: 2 })
  })

  test('that look for keys themselves find those of a dropped build for a while', async () => {
    const { prefix, given } = await make(400)
    const building = await given.buildBeside()
    await given.write(building, many(1200))

    const begun = performance.now()
    const dropped = given.storage.drop(building)
    const isLeft = async (): Promise<boolean> =>
      (await client.sendCommand(['EXISTS', `{${prefix}:b2:0}:d:document-7`])) === 1
    const isLeftAtFirst = await isLeft()
    await dropped

    expect(isLeftAtFirst).toBe(true)
    expect(performance.now() - begun).toBeGreaterThan(390)
    expect(await isLeft()).toBe(false)
    const keys = await keysOf(client, prefix)
    expect(keys.filter((key) => key.includes(':b2:')).map((key) => key.split('}')[1])).toEqual([
      ':lane',
      ':lane',
    ])
  })
})
