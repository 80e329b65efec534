import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@elastic/elasticsearch'
import * as jest from '@jest/globals'
import { ElasticsearchReadModel } from '../../../src/adapters/elasticsearch/index.ts'
import type { LaneStep } from '../../../src/index.ts'
import {
  at,
  changesOf,
  documentOf,
  put,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { accountBalances, accountEvents, type Balance } from '../../domain/account.ts'
import { eventually } from '../../faults/eventually.ts'
import { append, openStore, runnerOf } from '../../projections/runner-fixture.ts'
import { describeOnElasticsearch, ElasticsearchServer } from './elasticsearch-server.ts'
import { FaultyElasticsearch, idsOf, isDocumentBulk, type Asked } from './faulty-elasticsearch.ts'
import { openBuild, ownedStep, type OpenedBuild } from './opened-build.ts'

const server = new ElasticsearchServer()
jest.afterAll(() => server.close())

const isLaneWrite = ({ method, path }: Asked): boolean =>
  method === 'PUT' && path.includes('/_doc/lane')

const laneOf = ({ number, next: { epoch } }: LaneStep) => ({ number, epoch, leaseMs: 60_000 })

/** The step after another one that the same owner has written. */
const after = ({ next }: LaneStep): LaneStep => ({
  number: 0,
  previous: next,
  next: { ...next, revision: randomUUID() },
})

/** Two commits, one after the other, of which the second is begun while the first is under way. */
async function commitBoth(
  { given, build }: OpenedBuild,
  first: LaneStep,
  [writes, nextWrites]: readonly [ReturnType<typeof changesOf>, ReturnType<typeof changesOf>],
) {
  const { storage } = given
  const committing = storage.commit(build, first, writes)
  const ahead = storage.writeAhead?.(build, laneOf(first), nextWrites)
  const outcome = await committing
  await ahead
  return { outcome, commitNext: () => storage.commit(build, after(first), nextWrites) }
}

describeOnElasticsearch('documents that are written ahead of their commit', () => {
  jest.it('are sent once all of the commit before are there, and not again', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    const step = await ownedStep(given, build)
    const [answered, answer] = gate()
    faulty.on((asked) => (isDocumentBulk(asked) ? { after: answered } : undefined))

    const committing = commitBoth(opened, step, [
      changesOf([put('a'), put('b')]),
      changesOf([put('a', {}, 2), put('c', {}, 2)]),
    ])
    await eventually(async () => faulty.bulks.length > 0)
    await sleep(100)
    const before = faulty.bulks.map(idsOf)
    answer()
    const { outcome, commitNext } = await committing
    const ahead = faulty.bulks.map(idsOf)
    const next = await commitNext()

    assert.deepEqual(before, [['a', 'b']])
    assert.deepEqual(ahead, [
      ['a', 'b'],
      ['a', 'c'],
    ])
    assert.deepEqual([outcome, next], ['committed', 'committed'])
    assert.equal(faulty.bulks.length, 2)
    assert.deepEqual(await given.all(build), [put('a', {}, 2), put('b'), put('c', {}, 2)])
  })

  jest.it('are not sent after a commit that the server refuses documents of', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    const bad = documentOf({ count: 'many' as unknown as number })

    const { outcome } = await commitBoth(opened, await ownedStep(given, build), [
      changesOf([{ key: 'a', document: bad, position: at(1) }]),
      changesOf([put('a', {}, 2)]),
    ])

    assert(typeof outcome === 'object')
    assert.deepEqual([...outcome.refused.keys()], ['a'])
    assert.deepEqual(faulty.bulks.map(idsOf), [['a']])
    assert.deepEqual(await given.all(build), [])
  })

  jest.it('are sent by their commit when something goes wrong', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    const isAhead = (asked: Asked) => isDocumentBulk(asked) && idsOf(asked).includes('b')
    let cuts = 1
    faulty.on((asked) => (isAhead(asked) && cuts-- > 0 ? { cut: true } : undefined))

    const { commitNext } = await commitBoth(opened, await ownedStep(given, build), [
      changesOf([put('a')]),
      changesOf([put('b', {}, 2)]),
    ])
    const sent = faulty.bulks.map(idsOf)
    const next = await commitNext()

    assert.deepEqual(sent, [['a'], ['b']])
    assert.deepEqual(faulty.bulks.map(idsOf), [['a'], ['b'], ['b']])
    assert.equal(next, 'committed')
    assert.deepEqual(await given.all(build), [put('a'), put('b', {}, 2)])
  })

  jest.it('are told of by their commit when the server refuses them', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    const step = await ownedStep(given, build)
    const bad = documentOf({ count: 'many' as unknown as number })

    const { outcome, commitNext } = await commitBoth(opened, step, [
      changesOf([put('a')]),
      changesOf([{ key: 'b', document: bad, position: at(2) }]),
    ])
    const next = await commitNext()

    assert.equal(outcome, 'committed')
    assert(typeof next === 'object')
    assert.deepEqual([...next.refused.keys()], ['b'])
    assert.equal(faulty.bulks.length, 2)
    assert.equal((await given.storage.readLane(build, 0)).revision, step.next.revision)
  })

  jest.it('are not sent by who has not written the lane for long', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    const step = await ownedStep(given, build)
    await given.storage.commit(build, step, changesOf([put('a')]))
    await sleep(40)

    await given.storage.writeAhead?.(build, { ...laneOf(step), leaseMs: 60 }, changesOf([put('b')]))

    assert.deepEqual(faulty.bulks.map(idsOf), [['a']])
  })

  jest.it('are not sent under a claim that another one has followed', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    const step = await ownedStep(given, build)
    const claim = {
      number: 0,
      previous: step.previous,
      next: { ...step.next, epoch: step.next.epoch + 1 },
    }
    await given.storage.writeLane(build, claim)
    await given.storage.commit(build, after(claim), changesOf([put('a')]))

    await given.storage.writeAhead?.(build, laneOf(step), changesOf([put('b')]))
    const before = faulty.bulks.map(idsOf)
    await given.storage.writeAhead?.(build, laneOf(claim), changesOf([put('c')]))

    assert.deepEqual(before, [['a']])
    assert.deepEqual(faulty.bulks.map(idsOf), [['a'], ['c']])
  })

  jest.it('are those of the page after the one whose lane is written', async () => {
    await using faulty = await FaultyElasticsearch.listen(server.url)
    const store = openStore()
    for (let number = 1; number <= 6; number++)
      await append(store, `${number}`, accountEvents.AccountOpened({ owner: 'Ada' }))
    const readModel = balances(server.client(faulty.url))
    const runner = runnerOf(store, readModel, accountBalances, { pageSize: 2, leaseMs: 30_000 })
    const [nextSent, sendNext] = gate()
    let isHeld: Promise<boolean> | undefined
    faulty.on((asked) => {
      if (isDocumentBulk(asked) && idsOf(asked).includes('account-3')) sendNext()
      if (!isLaneWrite(asked) || faulty.bulks.length === 0 || isHeld !== undefined) return undefined
      isHeld = Promise.race([nextSent.then(() => true), sleep(5000, false, { ref: false })])
      return { after: isHeld }
    })

    await runner.runUntilCaughtUp()

    assert.equal(await isHeld, true)
    assert.deepEqual(faulty.bulks.map(idsOf), [
      ['account-1', 'account-2'],
      ['account-3', 'account-4'],
      ['account-5', 'account-6'],
    ])
  })
})

const balances = (client: Client) =>
  new ElasticsearchReadModel<Balance>({
    ...{ client, index: server.anyIndex() },
    mappings: {
      properties: {
        owner: { type: 'keyword' },
        cents: { type: 'integer' },
        events: { type: 'integer' },
      },
    },
  })

/** A promise, and what fulfils it. */
function gate(): readonly [Promise<void>, () => void] {
  const opened = new AbortController()
  return [
    once(opened.signal, 'abort').then(() => undefined),
    () => {
      opened.abort()
    },
  ]
}
