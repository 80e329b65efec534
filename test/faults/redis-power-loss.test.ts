import { readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, jest, test } from '@jest/globals'
import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import { RedisReadModel } from '../../src/adapters/redis/index.ts'
import { asOf, project, ProjectionRunner, streamId, type EventStore } from '../../src/index.ts'
import { laneOf } from '../../src/projections/lanes/lane-of.ts'
import { PrivateRedis, skippedPrivately } from '../adapters/redis/private-redis.ts'
import { connect } from '../adapters/redis/redis-server.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'
import { silent } from '../projections/runner-fixture.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'

jest.setTimeout(60_000)

const ACCOUNTS = 30
const PREFIX = 'balances'

const on = skippedPrivately === undefined ? describe : describe.skip
const because = skippedPrivately === undefined ? '' : ` (skipped: ${skippedPrivately})`

on(`a Redis that lost its power, and with it the end of its append-only file${because}`, () => {
  test.each(seeds(20))(
    'has lost documents and lanes together, and a replay ends right, seed %i',
    async (seed) => {
      const random = seededRandom(seed)
      await using server = await PrivateRedis.start()
      const store = memoryEventStore({ catalogs: [accountEvents] })
      await append(store, random, 200)
      const over = new AbortController()
      const appending = keepAppending(store, random, over.signal)
      const before = await open(server, store, 1 + random.below(4))
      await before.runner.start()
      await sleep(random.below(1200))

      const size = await aofSize(server)
      await sleep(100 + random.below(800))
      await server.crash()
      const cut = await cutEnd(server, size, random)
      before.client.destroy()
      await before.runner.stop().catch(() => undefined)
      over.abort()
      await appending
      await server.restart()
      const after = await open(server, store, 1)
      const torn = await tornLanes(after.balances, store)
      await after.runner.start()
      const head = await store.head()
      await after.balances.waitFor(head?.position, { timeoutMs: 20_000 })
      const [verified] = await after.runner.verify(accountBalances.name)
      await after.runner.stop()
      await after.client.close()

      expect(cut).toBeGreaterThan(0)
      expect({ cut, torn }).toEqual({ cut, torn: [] })
      expect({ cut, verified }).toMatchObject({ cut, verified: { isIdentical: true } })
    },
  )
})

async function open(server: PrivateRedis, store: EventStore, lanes: number) {
  const socket = { reconnectStrategy: () => 20 }
  const client = await connect(server.url, { socket })
  const balances = new RedisReadModel<Balance, 'byCents', 'byOwner'>({
    ...{ client, prefix: PREFIX },
    sortedSets: { byCents: ({ cents }) => cents },
    sets: { byOwner: ({ owner }) => [owner] },
  })
  const projections = [project(accountBalances).into(balances, { lanes })]
  const runner = new ProjectionRunner({
    ...{ store, projections, logger: silent },
    ...{ leaseMs: 300, pageSize: 20 },
  })
  return { client, balances, runner }
}

async function append(store: EventStore, random: SeededRandom, times: number): Promise<void> {
  for (let left = times; left > 0; left--)
    await store.append(
      streamId('account', String(random.below(ACCOUNTS))),
      [
        random.pick([
          accountEvents.AccountOpened({ owner: `owner ${random.below(5)}` }),
          accountEvents.MoneyDeposited({ cents: random.below(100) }),
          accountEvents.MoneyDeposited({ cents: random.below(100) }),
          accountEvents.AccountClosed({}),
        ]),
      ],
      { expectedVersion: 'any' },
    )
}

async function keepAppending(
  store: EventStore,
  random: SeededRandom,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await append(store, random, 1 + random.below(5))
    await sleep(2)
  }
}

/** Documents that are not what a fold gives up to where their lane is, and index entries that they do not have. */
async function tornLanes(
  balances: RedisReadModel<Balance, 'byCents', 'byOwner'>,
  store: EventStore,
): Promise<readonly string[]> {
  const { live } = (await balances.storage.readBuilds()) ?? {}
  if (live === undefined) return ['no builds record']
  const torn: string[] = []
  const lanes = await balances.storage.readLanes(live)
  const found = new Map<string, Balance | undefined>()
  for await (const page of balances.storage.scan(live))
    for (const { key, document } of page) found.set(key, document)
  for (let number = 0; number < live.lanes; number++) {
    const position = lanes[number]?.checkpoint?.position
    const fold =
      position === undefined
        ? new Map<string, Balance>()
        : await asOf(accountBalances, { position }, { store })
    const keys = new Set([...fold.keys(), ...found.keys()])
    for (const key of keys)
      if (laneOf(key, live.lanes) === number && !isDeepStrictEqual(fold.get(key), found.get(key)))
        torn.push(`lane ${number} at ${position}: ${key}`)
  }
  const ranked = await balances.top('byCents', 1000)
  if (ranked.length !== found.size) torn.push(`${ranked.length} ranked of ${found.size}`)
  for (const { key, score, document } of ranked)
    if (
      document.cents !== score ||
      !(await balances.members('byOwner', document.owner)).includes(key)
    )
      torn.push(`the index entries of ${key}`)
  return torn
}

async function aofOf(server: PrivateRedis): Promise<string> {
  const folder = join(server.folder, 'appendonlydir')
  const file = (await readdir(folder))
    .filter((name) => name.endsWith('.incr.aof'))
    .toSorted()
    .at(-1)
  return join(folder, file ?? '')
}

async function aofSize(server: PrivateRedis): Promise<number> {
  return (await stat(await aofOf(server))).size
}

/** Cuts the file at a random byte after a size that it had. @returns how many bytes are gone. */
async function cutEnd(server: PrivateRedis, from: number, random: SeededRandom): Promise<number> {
  const file = await aofOf(server)
  const { size } = await stat(file)
  const end = from + random.below(size - from)
  await truncate(file, end)
  return size - end
}
