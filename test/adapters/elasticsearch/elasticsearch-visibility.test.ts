import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { ElasticsearchReadModel } from '../../../src/adapters/elasticsearch/index.ts'
import { project, ProjectionRunner } from '../../../src/index.ts'
import {
  at,
  changesOf,
  many,
  put,
  remove,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { accountBalances, type Balance } from '../../domain/account.ts'
import { append, deposited, openStore, silent } from '../../projections/runner-fixture.ts'
import { describeOnElasticsearch, ElasticsearchServer } from './elasticsearch-server.ts'
import { openBuild, openModel, ownedStep } from './opened-build.ts'

const server = new ElasticsearchServer()
jest.afterAll(() => server.close())

const mappings = {
  properties: {
    owner: { type: 'keyword' },
    cents: { type: 'long' },
    events: { type: 'integer' },
  },
}

describeOnElasticsearch('what Elasticsearch shows', () => {
  jest.it('is what get sees, at once, and a search when it is waited for', async () => {
    const store = openStore()
    const client = server.client()
    const index = server.anyIndex()
    const balances = new ElasticsearchReadModel<Balance>({
      ...{ client, index, mappings, settings: { refresh_interval: '60s' } },
    })
    await using runner = new ProjectionRunner({
      ...{ store, projections: [project(accountBalances).into(balances)], logger: silent },
    })
    await append(store, '1', deposited(1))
    await runner.runUntilCaughtUp() // readers have all that they need from here on
    await runner.start()
    const position = await append(store, '1', deposited(2))
    const cents = async (): Promise<unknown> => {
      const { hits } = await client.search<Balance>({ index })
      return hits.hits.map(({ _source }) => _source?.cents)
    }

    await balances.waitFor(position)
    const [got, before] = [await balances.get('account-1'), await cents()]
    await balances.waitFor(position, { visibility: 'search' })

    assert.equal(got?.cents, 3)
    assert.deepEqual(before, [1])
    assert.deepEqual(await cents(), [3])
  })

  jest.it('hides deleted documents from searches by the alias', async () => {
    await using opened = await openBuild(server)
    const { given, build, index } = opened
    await given.write(build, [put('a'), put('b')])
    await given.write(build, [remove('a', 2)])
    await given.show(build)

    const { hits } = await server.client().search({ index })

    assert.deepEqual(
      hits.hits.map(({ _id }) => _id),
      ['b'],
    )
  })

  jest.it('is the new build as soon as this process switches readers', async () => {
    await using opened = await openBuild(server)
    const { given, build } = opened
    await given.write(build, [put('a', { count: 1 })])
    const next = await given.buildBeside()
    await given.write(next, [put('a', { count: 2 })])
    const before = await given.model.get('a')

    await given.switch()

    assert.equal(before?.count, 1)
    assert.equal((await given.model.get('a'))?.count, 2)
  })

  jest.it('is refreshed before readers are switched to it', async () => {
    await using opened = await openBuild(server)
    const { given, build, index } = opened
    await given.write(build, [put('a')])
    await given.storage.publish(build)
    const next = await given.buildBeside()
    await given.storage.finish(next)
    await given.write(next, [put('a', { title: 'new' })])
    await given.switch()

    await given.storage.publish(next)

    const { hits } = await server.client().search<{ title: string }>({ index })
    assert.deepEqual(
      hits.hits.map(({ _source }) => _source?.title),
      ['new'],
    )
  })

  jest.it('fills a build without refreshes and copies, and gives them back', async () => {
    await using opened = await openBuild(server, { settings: { refresh_interval: '7s' } })
    const { given, build } = opened
    const index = await opened.dataIndex()
    const settings = async (): Promise<unknown[]> => {
      const found = await server.client().indices.getSettings({ index, flat_settings: true })
      const { 'index.refresh_interval': interval, 'index.auto_expand_replicas': copies } = (found[
        index
      ]?.settings ?? {}) as Record<string, unknown>
      return [interval, copies]
    }

    const filling = await settings()
    await given.storage.finish(build)

    assert.deepEqual(filling, ['-1', 'false'])
    assert.deepEqual(await settings(), ['7s', '0-1'])
  })

  jest.it('has the settings that are declared, e.g. several shards', async () => {
    await using opened = await openBuild(server, { settings: { number_of_shards: 3 } })
    const { given, build } = opened

    await given.write(build, many(50))

    assert.equal((await given.all(build)).length, 50)
    assert.deepEqual((await given.find(build, 'document-7'))?.position, at(1))
  })
})

describeOnElasticsearch('documents that a lane loads from Elasticsearch', () => {
  jest.it('are found by one search after its claim, many at once', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty, model } = opened
    const keys = many(300).map(({ key }) => key)
    await given.write(build, many(300))
    await model.storage.ahead(build, 0, await given.storage.readLane(build, 0))
    faulty.asked.length = 0

    const found = await given.storage.load(build, keys, 0)

    assert.equal(found.size, 300)
    assert.deepEqual(
      faulty.asked.map(({ path }) => path.split('/').at(-1)),
      ['_search'],
    )
  })

  jest.it('are what the lane wrote last, though no search finds that yet', async () => {
    await using opened = await openBuild(server)
    const { given, build, model } = opened
    await given.write(build, many(300))
    await model.storage.ahead(build, 0, await given.storage.readLane(build, 0))
    await given.write(build, [put('document-7', { title: 'later' }, 2)])

    const found = await given.storage.load(
      build,
      many(300).map(({ key }) => key),
      0,
    )

    assert.equal(found.get('document-7')?.document?.title, 'later')
  })

  jest.it('are what others wrote last when a reader asks', async () => {
    await using opened = await openBuild(server)
    const { given, build, model } = opened
    await given.write(build, many(300))
    await model.storage.ahead(build, 0, await given.storage.readLane(build, 0))
    const other = openBuildOf(opened.index)
    const step = await given.step(build)
    await other.commit(build, step, changesOf([put('document-7', { title: 'theirs' }, 2)]))

    const found = await model.getMany(many(300).map(({ key }) => key))

    assert.equal(found.get('document-7')?.title, 'theirs')
  })
})

describeOnElasticsearch('deleted documents in Elasticsearch', () => {
  const swept = async (
    opened: Awaited<ReturnType<typeof openBuild>>,
    parked: ReadonlyMap<string, ReturnType<typeof at>> = new Map(),
  ): Promise<readonly string[]> => {
    const { given, build } = opened
    const checkpoint = { position: at(5), eventId: randomUUID() }
    await given.write(build, [put('a'), put('b'), put('c')])
    await given.write(build, [remove('a', 2), remove('b', 5)])
    await server.client().indices.refresh({ index: await opened.dataIndex() })
    for (let round = 0; round < 3; round++) {
      await sleep(60)
      const step = await given.step(build, { checkpoint, parked })
      await given.storage.commit(build, step, changesOf([]))
    }
    const client = server.client()
    const index = await opened.dataIndex()
    await client.indices.refresh({ index })
    const { hits } = await client.search({ index, sort: ['everfold.position'] })
    return hits.hits.map(({ _id = '' }) => _id).toSorted()
  }

  jest.it('are removed when the lane has been beyond them for long', async () => {
    await using opened = await openBuild(server, { tombstoneRetentionMs: 50 })

    assert.deepEqual(await swept(opened), ['b', 'c'])
  })

  jest.it('stay while the lane has not been beyond them for long', async () => {
    await using opened = await openBuild(server)

    assert.deepEqual(await swept(opened), ['a', 'b', 'c'])
  })

  jest.it('stay while their key is parked', async () => {
    await using opened = await openBuild(server, { tombstoneRetentionMs: 50 })

    assert.deepEqual(await swept(opened, new Map([['a', at(3)]])), ['a', 'b', 'c'])
  })

  jest.it('are not removed once somebody has made them again', async () => {
    await using opened = await openBuild(server, { tombstoneRetentionMs: 50 })
    const { given, build, faulty } = opened
    await given.write(build, [put('a')])
    await given.write(build, [remove('a', 2)])
    await server.client().indices.refresh({ index: await opened.dataIndex() })
    const other = openBuildOf(opened.index)
    let isMade = false
    faulty.on(({ body }) => {
      if (!body.includes('"if_seq_no"') || isMade) return undefined
      isMade = true
      const again = async (): Promise<void> => {
        await other.commit(build, await ownedStep(given, build), changesOf([put('a', {}, 9)]))
      }
      return { after: again() }
    })
    const checkpoint = { position: at(5), eventId: randomUUID() }

    for (let round = 0; round < 3; round++) {
      await sleep(60)
      const step = await given.step(build, { checkpoint })
      await given.storage.commit(build, step, changesOf([]))
    }

    assert.ok(isMade)
    assert.equal((await given.find(build, 'a'))?.position, 9n)
  })
})

function openBuildOf(index: string) {
  return openModel(server.client(), index).storage
}
