import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import calculateSlot from 'cluster-key-slot'
import { RedisReadModel } from '../../../src/adapters/redis/index.ts'
import { KeyLayout } from '../../../src/adapters/redis/read-model/key-layout.ts'
import { laneOf } from '../../../src/projections/lanes/lane-of.ts'
import {
  changesOf,
  documentOf,
  put,
  remove,
  type ContractDocument,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { ContractModel } from '../../../src/testing/contracts/read-model/contract-model.ts'
import { readModelContract } from '../../../src/testing/contracts/read-model-contract.ts'
import { PrivateCluster } from './private-cluster.ts'
import { skippedPrivately } from './private-redis.ts'
import { anyPrefix } from './redis-server.ts'

type Client = Awaited<ReturnType<PrivateCluster['connect']>>

let cluster: PrivateCluster
let client: Client

const open = () =>
  new RedisReadModel<ContractDocument>({ client, prefix: anyPrefix(), dropGraceMs: 0 })

if (skippedPrivately === undefined)
  jest.beforeAll(async () => {
    cluster = await PrivateCluster.start()
    client = await cluster.connect()
  }, 60_000)
jest.afterAll(async () => {
  if (skippedPrivately !== undefined) return
  await client.close()
  await cluster[Symbol.asyncDispose]()
})

readModelContract(jest, {
  name: 'RedisReadModel on a cluster of three masters',
  skipped: skippedPrivately,
  open,
  unsupported: {
    'reads all records of a build as they were at one moment':
      'lanes of one build lie on several masters, which nothing reads at one moment',
  },
})

const describe = skippedPrivately === undefined ? jest.describe : jest.describe.skip

describe('RedisReadModel on a cluster', () => {
  const make = async (lanes: number) => {
    const model = new RedisReadModel<ContractDocument, 'byCount', 'byTitle'>({
      ...{ client, prefix: anyPrefix(), dropGraceMs: 0 },
      sortedSets: { byCount: ({ count }) => count },
      sets: { byTitle: ({ title }) => [title] },
    })
    const given = new ContractModel(model, documentOf())
    const build = await given.build({ lanes })
    return { model, given, build }
  }

  jest.test('commits to lanes on every master, each with all that belongs to it', async () => {
    const { model, given, build } = await make(16)
    for (let lane = 0; lane < build.lanes; lane++) {
      const writes = keysOf(lane, build.lanes).map((key) =>
        put(key, { count: lane, title: 'same' }),
      )
      const step = await given.step(build, {}, lane)
      const outcome = await given.storage.commit(build, step, changesOf(writes))
      expect(outcome).toBe('committed')
    }

    const first = keysOf(3, build.lanes)[0] ?? ''
    const step = await given.step(build, {}, 3)
    await given.storage.commit(build, step, changesOf([remove(first, 2)]))

    const all = await given.all(build)
    const found = await model.getMany(all.map(({ key }) => key))
    const members = await model.members('byTitle', 'same')
    const [top] = await model.top('byCount', 1)
    expect(all).toHaveLength(16 * 3 - 1)
    expect(found.size).toBe(16 * 3 - 1)
    expect(members).toEqual(all.map(({ key }) => key))
    expect(top).toMatchObject({ score: 15, document: { count: 15 } })
    expect(await mastersOf(given.storage.name)).toBe(3)
  })

  jest.test('leaves nothing of a build that was dropped but marks that expire', async () => {
    const { given } = await make(4)
    const building = await given.buildBeside({ lanes: 4 })
    const keys = [0, 1, 2, 3].flatMap((lane) => keysOf(lane, 4).slice(0, 1))
    for (const [lane, key] of keys.entries())
      await given.storage.commit(
        building,
        await given.step(building, {}, lane),
        changesOf([put(key, { title: 'a' })]),
      )

    await given.storage.drop(building)

    const left = await keysWith(`{${given.storage.name}:b2:*`)
    expect(left.map((key) => key.split('}')[1])).toEqual([
      ':lane',
      ':lane',
      ':lane',
      ':lane',
      ':lane',
    ])
    for (const key of left) expect(await client.pTTL(key)).toBeGreaterThan(0)
  })

  jest.test('puts all keys of a lane into one slot, as the server counts slots', async () => {
    const lane = new KeyLayout('balances').lane({ ...ANY_BUILD, number: 7 }, 3)
    const keys = [
      ...[lane.lane, lane.keys, lane.parked, lane.parkedEvents, lane.parkedDiscarded],
      ...[lane.document('account-1'), lane.document('}{'), lane.document('{a}'), lane.document('')],
      ...[lane.sortedSet('byCount'), lane.members('byTitle', '{b}'), lane.members('byTitle', '')],
    ]

    const slots = await Promise.all(
      keys.map((key) => client.sendCommand(key, true, ['CLUSTER', 'KEYSLOT', key])),
    )

    expect(new Set(slots).size).toBe(1)
  })

  jest.test('keeps going while slots move to another master', async () => {
    const { given, build } = await make(1)
    const { lane } = new KeyLayout(given.storage.name).lane(build, 0)
    await given.write(build, [put('a', { count: 1 })])

    await moveSlot(lane)
    await given.write(build, [put('a', { count: 2 }, 2), put('b', { count: 3 }, 2)])

    expect(await given.all(build)).toEqual([put('a', { count: 2 }, 2), put('b', { count: 3 }, 2)])
  })
})

const ANY_BUILD = { number: 1, projection: 'p', version: 1, fingerprint: 'f', lanes: 8 }

/** Three keys of a lane. */
function keysOf(lane: number, lanes: number): readonly string[] {
  const all = Array.from({ length: 400 }, (_, index) => `key-${index}`)
  return all.filter((key) => laneOf(key, lanes) === lane).slice(0, 3)
}

async function keysWith(pattern: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const master of client.masters) {
    const node = await client.nodeClient(master)
    for await (const keys of node.scanIterator({ MATCH: pattern, COUNT: 1000 })) found.push(...keys)
  }
  return found.toSorted()
}

/** How many masters hold keys of a read model. */
async function mastersOf(prefix: string): Promise<number> {
  const keys = await keysWith(`{${prefix}:*`)
  const third = Math.ceil(16_384 / 3)
  return new Set(keys.map((key) => Math.floor(calculateSlot(key) / third))).size
}

/** Moves the slot of a key with all that is in it, as an operator does. */
async function moveSlot(key: string): Promise<void> {
  const slot = Number(await client.sendCommand(key, true, ['CLUSTER', 'KEYSLOT', key]))
  const nodes = await Promise.all(client.masters.map((master) => client.nodeClient(master)))
  const ids = await Promise.all(nodes.map((node) => node.sendCommand<string>(['CLUSTER', 'MYID'])))
  const counts = await Promise.all(
    nodes.map((node) => node.sendCommand(['CLUSTER', 'COUNTKEYSINSLOT', `${slot}`])),
  )
  const from = counts.findIndex((count) => Number(count) > 0)
  const to = (from + 1) % nodes.length
  const [source, target] = [nodes[from], nodes[to]]
  if (source === undefined || target === undefined) throw new Error(`Slot ${slot} is empty.`)
  await target.sendCommand(['CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', ids[from] ?? ''])
  await source.sendCommand(['CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', ids[to] ?? ''])
  const keys = await source.sendCommand<string[]>(['CLUSTER', 'GETKEYSINSLOT', `${slot}`, '1000'])
  const port = String(client.masters[to]?.port)
  await source.sendCommand(['MIGRATE', '127.0.0.1', port, '', '0', '5000', 'KEYS', ...keys])
  for (const node of nodes)
    await node.sendCommand(['CLUSTER', 'SETSLOT', `${slot}`, 'NODE', ids[to] ?? ''])
}
