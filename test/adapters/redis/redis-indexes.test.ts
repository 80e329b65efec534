import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { IndexRefusedError, RedisReadModel } from '../../../src/adapters/redis/index.ts'
import { laneOf } from '../../../src/projections/lanes/lane-of.ts'
import {
  changesOf,
  documentOf,
  put,
  remove,
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

const owned = (count: number, ...owners: readonly string[]): Partial<ContractDocument> => ({
  count,
  lines: owners,
})

describeOnRedis('sorted sets and sets of a RedisReadModel', () => {
  const prefixes: string[] = []
  let client: ConnectedClient

  beforeAll(async () => {
    client = await connect(redisUrl())
  })
  afterAll(async () => {
    for (const prefix of prefixes) await removeKeys(client, prefix)
    await client.close()
  })

  const open = (prefix = anyPrefix()) => {
    prefixes.push(prefix)
    return new RedisReadModel<ContractDocument, 'byCount', 'byOwner'>({
      ...{ client, prefix, dropGraceMs: 0 },
      sortedSets: { byCount: ({ count }) => (count === 0 ? null : count) },
      sets: { byOwner: ({ lines }) => lines as readonly string[] },
    })
  }
  const make = async (lanes = 1) => {
    const model = open()
    const given = new ContractModel(model, documentOf())
    return { model, given, build: await given.build({ lanes }) }
  }

  test('rank documents, and forget those without a score and those deleted', async () => {
    const { model, given, build } = await make()

    await given.write(build, [
      put('a', { count: 5 }),
      put('b', { count: 9 }),
      put('c', { count: 7 }),
    ])
    await given.write(build, [
      put('a', { count: 8 }, 2),
      put('b', { count: 0 }, 2),
      put('d', { count: 0 }, 2),
    ])
    await given.write(build, [remove('c', 3), put('e', { count: -1.5 }, 3)])

    expect(await model.top('byCount', 10)).toEqual([
      { key: 'a', score: 8, document: documentOf({ count: 8 }) },
      { key: 'e', score: -1.5, document: documentOf({ count: -1.5 }) },
    ])
    expect(await model.top('byCount', 2)).toMatchObject([{ key: 'a' }, { key: 'e' }])
    expect(await model.top('byCount', 0)).toEqual([])
  })

  test('rank the documents of all lanes together, equal ones in the reverse order of their keys', async () => {
    const { model, given, build } = await make(4)
    for (let lane = 0; lane < 4; lane++) {
      const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`)
      const own = keys.filter((key) => laneOf(key, 4) === lane)
      const writes = own.map((key) => put(key, { count: 1 + (Number(key.slice(4)) % 3) }))
      await given.storage.commit(build, await given.step(build, {}, lane), changesOf(writes))
    }

    const ranked = await model.top('byCount', 15)

    expect(ranked).toHaveLength(15)
    expect(ranked.map(({ score }) => score)).toEqual([...Array<number>(13).fill(3), 2, 2])
    const best = ranked.slice(0, 13).map(({ key }) => key)
    expect(best).toEqual(best.toSorted().toReversed())
  })

  test('find documents by each of their members, as these come and go', async () => {
    const { model, given, build } = await make()

    await given.write(build, [put('a', owned(1, 'Ada', 'Bob')), put('b', owned(2, 'Ada', 'Ada'))])
    const before = await model.members('byOwner', 'Ada')
    await given.write(build, [
      put('a', owned(1, 'Bob', 'Çelik "}{:'), 2),
      put('c', owned(3, 'Ada'), 2),
    ])
    await given.write(build, [remove('b', 3)])

    expect(before).toEqual(['a', 'b'])
    expect(await model.members('byOwner', 'Ada')).toEqual(['c'])
    expect(await model.members('byOwner', 'Bob')).toEqual(['a'])
    expect(await model.members('byOwner', 'Çelik "}{:')).toEqual(['a'])
    expect(await model.members('byOwner', 'nobody')).toEqual([])
  })

  test('change nothing in a commit that was superseded', async () => {
    const { model, given, build } = await make()
    await given.write(build, [put('a', owned(1, 'Ada'))])
    const step = await given.step(build)
    await given.write(build, [put('b', owned(2, 'Bob'))])

    const late = changesOf([put('a', owned(9, 'Eve'), 2), remove('b', 2)])
    const outcome = await given.storage.commit(build, step, late)

    expect(outcome).toBe('superseded')
    expect(await model.top('byCount', 9)).toMatchObject([{ key: 'b' }, { key: 'a', score: 1 }])
    expect(await model.members('byOwner', 'Eve')).toEqual([])
    expect(await model.members('byOwner', 'Bob')).toEqual(['b'])
  })

  test('refuse a score that is no number, a member that is no text, and a broken key', async () => {
    const { given, build } = await make()
    const writes = [
      put('score', { count: Number.NaN }),
      put('member', { lines: [1] }),
      put('half', { lines: ['\ud800'] }),
      put('\ud800'),
      put('fine'),
    ]

    const outcome = await given.storage.commit(build, await given.step(build), changesOf(writes))

    expect(outcome).toMatchObject({ refused: expect.any(Map) })
    const { refused } = outcome as { readonly refused: ReadonlyMap<string, Error> }
    expect([...refused.keys()]).toEqual(['score', 'member', 'half', '\ud800'])
    expect(refused.get('member')).toBeInstanceOf(IndexRefusedError)
    expect(refused.get('\ud800')?.message).toMatch(/half of a surrogate pair/)
    expect(await given.all(build)).toEqual([])
  })

  test('leave with their build', async () => {
    const { model, given } = await make()
    const building = await given.buildBeside()
    await given.write(building, [put('a', owned(1, 'Ada', 'Bob')), put('b', owned(2, 'Ada'))])

    await given.storage.drop(building)

    const keys = await keysOf(client, model.storage.name)
    const left = keys.filter((key) => key.includes(':b2:'))
    expect(left.map((key) => key.split('}')[1])).toEqual([':lane', ':lane'])
  })

  test('are not changed without a new version', async () => {
    const { model, given, build } = await make()
    await given.write(build, [put('a', owned(1, 'Ada'))])
    const other = new RedisReadModel<ContractDocument, 'byRatio'>({
      ...{ client, prefix: model.storage.name },
      sortedSets: { byRatio: ({ ratio }) => ratio },
    })

    const loaded = other.storage.load(build, ['a'])

    await expect(loaded).rejects.toMatchObject({ code: 'BUILD_INDEXES', build: 1 })
    await expect(other.storage.prepare(build)).rejects.toMatchObject({ code: 'BUILD_INDEXES' })
  })
})

describe('names of indexes', () => {
  test('are words', () => {
    const client = { options: { disableOfflineQueue: true }, sendCommand: async () => undefined }
    const named = (name: string) =>
      new RedisReadModel<ContractDocument, string>({
        ...{ client, prefix: 'p' },
        sortedSets: { [name]: () => 1 },
      })

    expect(() => named('by:count')).toThrow(TypeError)
    expect(() => named('')).toThrow(/letters, digits/)
  })
})
