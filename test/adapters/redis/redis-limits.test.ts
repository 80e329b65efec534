import { afterEach, beforeAll, afterAll, describe, expect, test } from '@jest/globals'
import { RedisReadModel, type RedisClient } from '../../../src/adapters/redis/index.ts'
import {
  changesOf,
  documentOf,
  put,
  remove,
  type ContractDocument,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import {
  anyBuild,
  ContractModel,
  recordOf,
} from '../../../src/testing/contracts/read-model/contract-model.ts'
import { parkedEvent } from '../../../src/testing/contracts/read-model/contract-parked.ts'
import { silent } from '../../projections/runner-fixture.ts'
import { PrivateRedis, skippedPrivately } from './private-redis.ts'
import { anyPrefix, connect, keysOf, type ConnectedClient } from './redis-server.ts'

const on = skippedPrivately === undefined ? describe : describe.skip
const because = skippedPrivately === undefined ? '' : ` (skipped: ${skippedPrivately})`

on(`what a RedisReadModel wants of its server${because}`, () => {
  let server: PrivateRedis
  let admin: ConnectedClient
  const clients: ConnectedClient[] = []

  beforeAll(async () => {
    server = await PrivateRedis.start()
    admin = await connect(server.url)
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction'])
  })
  afterAll(async () => {
    await admin.close()
    await server[Symbol.asyncDispose]()
  })

  const make = (client: RedisClient = admin, prefix = anyPrefix()) => {
    const warnings: string[] = []
    const log = () => undefined
    const warn = (message: string): void => void warnings.push(message)
    const model = new RedisReadModel<ContractDocument>({
      ...{ client, prefix, dropGraceMs: 0 },
      logger: { debug: log, info: log, warn, error: log },
    })
    return { model, warnings, given: new ContractModel(model, documentOf()) }
  }
  /** A user who may use keys of one prefix, and some commands. */
  const user = async (prefix: string, ...rights: readonly string[]): Promise<ConnectedClient> => {
    const name = `user-${prefix}`
    const keys = ['resetkeys', `~${prefix}:*`, `~{${prefix}:*`]
    await admin.sendCommand(['ACL', 'SETUSER', name, 'on', '>secret', ...keys, '-@all', ...rights])
    const client = await connect(server.url, { username: name, password: 'secret' })
    clients.push(client)
    return client
  }
  const RIGHTS = [
    ...['+hello', '+client', '+ping', '+eval', '+evalsha', '+exists', '+unlink', '+time'],
    ...['+hget', '+hmget', '+hset', '+hdel', '+hexists', '+hlen', '+hvals', '+pexpire'],
    ...['+zadd', '+zrem', '+zcard', '+zrange', '+zrangebylex', '+zrevrange'],
    ...['+sadd', '+srem', '+scard', '+smembers'],
  ]

  test('a policy that drops any key is refused before anything is made', async () => {
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'])
    const { given, model } = make()

    await expect(given.build()).rejects.toMatchObject({
      code: 'EVICTING_SERVER',
      policy: 'allkeys-lru',
    })

    expect(await keysOf(admin, model.storage.name)).toEqual([`${model.storage.name}:builds`])
  })

  test('a policy that drops what expires is fine: documents do not', async () => {
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl'])
    const { given, warnings } = make()

    await given.build()

    expect(warnings).toEqual([])
  })

  test('the policy is read by INFO where CONFIG is not allowed', async () => {
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random'])
    const prefix = anyPrefix()
    const { given, warnings } = make(await user(prefix, ...RIGHTS, '+info'), prefix)

    await expect(given.build()).rejects.toMatchObject({ policy: 'allkeys-random' })

    expect(warnings).toEqual([])
  })

  test('a user limited to the prefix and few commands can do everything; what cannot be read is warned of', async () => {
    const prefix = anyPrefix()
    const limited = await user(prefix, ...RIGHTS)
    const { given, warnings } = make(limited, prefix)
    const ranking = new RedisReadModel<ContractDocument, 'byCount', 'byTitle'>({
      ...{ client: limited, prefix: `${prefix}:ranked`, dropGraceMs: 0 },
      sortedSets: { byCount: ({ count }) => count },
      sets: { byTitle: ({ title }) => [title] },
      logger: silent,
    })
    const ranked = new ContractModel(ranking, documentOf())

    const build = await given.build({ lanes: 2 })
    const [first, second] = [parkedEvent('p', 1), parkedEvent('p', 2)]
    await given.write(build, [put('a')], { park: [first, second] })
    await given.write(build, [], { unpark: [first, { ...second, discarded: 'wrong' }] })
    const member = { runner: 'r', revision: 'r1', leaseMs: 1000, version: 1, fingerprint: 'f' }
    const members = await given.storage.beat(member)
    await given.storage.leave('r')
    await ranked.build()
    const building = await ranked.buildBeside()
    await ranked.write(building, [put('b', { title: 'x' }), put('c', { title: 'x' })])
    await ranked.write(building, [put('b', { title: 'y' }, 2), remove('c', 2)])
    await ranked.storage.drop(building)

    expect(members).toEqual([member])
    expect(await given.parked(build)).toMatchObject([{ position: 2n, discarded: 'wrong' }])
    expect(await ranking.top('byCount', 1)).toEqual([])
    expect(await ranking.members('byTitle', 'x')).toEqual([])
    expect(await given.all(build)).toEqual([put('a')])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/noeviction/)
  })

  test('a user without the rights is told which are missing, and nothing is tried again', async () => {
    const prefix = anyPrefix()
    const { given } = make(await user(prefix, '+hello', '+client', '+hmget'), prefix)

    const built = given.build()

    await expect(built).rejects.toMatchObject({ code: 'REDIS_REFUSED', reply: 'NOPERM' })
    await expect(built).rejects.toThrow(/Give the user the rights/)
  })

  test('a user of another prefix changes nothing', async () => {
    const { given } = make(await user(anyPrefix(), ...RIGHTS))

    await expect(given.build()).rejects.toMatchObject({ code: 'REDIS_REFUSED', reply: 'NOPERM' })
  })

  test('a key of another type stops a commit before anything is changed', async () => {
    const { given, model } = make()
    const build = await given.build()
    await given.write(build, [put('before')])
    const planted = `{${model.storage.name}:b1:0}:d:planted`
    await admin.sendCommand(['SET', planted, 'somebody else'])
    const step = await given.step(build, { owner: 'ada' })

    const writes = [
      put('first', {}, 2),
      put('before', { count: 2 }, 2),
      put('planted', {}, 2),
      put('z', {}, 2),
    ]
    const commit = given.storage.commit(build, step, changesOf(writes))

    await expect(commit).rejects.toMatchObject({ code: 'KEY_TAKEN', key: planted })
    expect(await given.all(build)).toEqual([put('before')])
    expect(await given.storage.readLane(build, 0)).toEqual(step.previous)
    expect(await admin.sendCommand(['GET', planted])).toBe('somebody else')
    await expect(given.storage.load(build, ['planted'])).rejects.toMatchObject({
      code: 'KEY_TAKEN',
    })
    await admin.sendCommand(['DEL', planted])
    expect(await given.storage.commit(build, step, changesOf(writes))).toBe('committed')
  })

  test('full memory stops a commit before anything is changed, and passes', async () => {
    const { given } = make()
    const build = await given.build()
    await given.write(build, [put('before')])
    const step = await given.step(build)
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '1'])

    const full = given.storage.commit(build, step, changesOf([put('after')]))
    await expect(full).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', retryable: true })
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0'])

    expect(await given.all(build)).toEqual([put('before')])
    expect(await given.storage.readLane(build, 0)).toEqual(step.previous)
  })

  test('a lane whose record is gone while its documents are there is never begun anew', async () => {
    const { given, model } = make()
    const build = await given.build()
    await given.write(build, [put('a')])
    const step = await given.step(build)
    const lane = `{${model.storage.name}:b1:0}:lane`
    await admin.sendCommand(['DEL', lane])

    const lost = { code: 'LANE_LOST', lane }
    await expect(given.storage.readLane(build, 0)).rejects.toMatchObject(lost)
    await expect(given.storage.readLanes(build)).rejects.toMatchObject(lost)
    await expect(given.storage.prepare(build)).rejects.toMatchObject(lost)
    await expect(given.storage.commit(build, step, changesOf([put('b')]))).rejects.toMatchObject(
      lost,
    )

    expect(await admin.sendCommand(['EXISTS', lane])).toBe(0)
  })

  test('a lane of another build of that number is not taken for its own', async () => {
    const { given, model } = make()
    await given.build()
    await admin.sendCommand(['DEL', `${model.storage.name}:builds`])
    const other = anyBuild({ fingerprint: 'f2' })
    await given.storage.writeBuilds(undefined, recordOf(other))

    await expect(given.storage.prepare(other)).rejects.toMatchObject({ code: 'KEY_TAKEN' })
  })

  test('a build that was dropped is not made again by whoever slept meanwhile', async () => {
    const { given } = make()
    await given.build()
    const building = await given.buildBeside()
    await given.storage.drop(building)

    await expect(given.storage.prepare(building)).rejects.toMatchObject({
      code: 'BUILD_NOT_PREPARED',
    })
  })

  test('scripts that the server has forgotten are sent again', async () => {
    const { given } = make()
    const build = await given.build()
    await given.write(build, [put('a')])

    await admin.sendCommand(['SCRIPT', 'FLUSH'])
    await given.write(build, [put('b', {}, 2)])

    expect(await given.all(build)).toEqual([put('a'), put('b', {}, 2)])
  })

  test('a server that is silent is given up before the lease is over', async () => {
    const { given } = make()
    const build = await given.build()
    const step = await given.step(build, { leaseMs: 500 })
    const busy = await connect(server.url)
    clients.push(busy)
    const pause = busy.sendCommand(['CLIENT', 'PAUSE', '2000', 'ALL'])

    const begun = performance.now()
    await pause
    const commit = given.storage.commit(build, step, changesOf([put('late')]))
    await expect(commit).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
    const tookMs = performance.now() - begun
    await admin.sendCommand(['PING']).catch(() => undefined)

    expect(tookMs).toBeLessThan(2000)
  })
})

describe('what a RedisReadModel wants of its options', () => {
  const sendCommand = async () => undefined

  test('a client that keeps nothing while it is offline', () => {
    const keeping = { options: {}, sendCommand }

    expect(() => new RedisReadModel({ client: keeping, prefix: 'p' })).toThrow(
      /disableOfflineQueue: true/,
    )
  })

  test.each(['', 'a{b}', 'a}', '\ud800'])(
    'a prefix that does not decide about slots, not %j',
    (prefix) => {
      const client = { options: { disableOfflineQueue: true }, sendCommand }

      expect(() => new RedisReadModel({ client, prefix })).toThrow(/without braces/)
    },
  )
})
