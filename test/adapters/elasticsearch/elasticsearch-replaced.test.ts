import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import * as jest from '@jest/globals'
import { ElasticsearchReadModel } from '../../../src/adapters/elasticsearch/index.ts'
import { project, ProjectionRunner } from '../../../src/index.ts'
import { changesOf, put } from '../../../src/testing/contracts/read-model/contract-document.ts'
import { accountBalances, type Balance } from '../../domain/account.ts'
import { append, deposited, openStore, silent } from '../../projections/runner-fixture.ts'
import { describeOnElasticsearch, ElasticsearchServer } from './elasticsearch-server.ts'
import { openBuild, openModel, ownedStep } from './opened-build.ts'

const server = new ElasticsearchServer()
jest.afterAll(() => server.close())

const balanceMappings = {
  properties: {
    owner: { type: 'keyword' },
    cents: { type: 'long' },
    events: { type: 'integer' },
  },
}

const replaced = (happened: RegExp) => ({
  ...{ code: 'INDEX_REPLACED', retryable: false, message: happened },
})

/** What the lane's owner does next, in a process that begins now. */
async function commitAnew({ index, given, build }: Awaited<ReturnType<typeof openBuild>>) {
  const fresh = openModel(server.client(), index).storage
  return fresh.commit(build, await given.step(build), changesOf([put('b', {}, 2)]))
}

describeOnElasticsearch(
  'an index of Elasticsearch that changed behind the back of its lanes',
  () => {
    jest.it('is refused when it was deleted', async () => {
      await using opened = await openBuild(server)
      await opened.given.write(opened.build, [put('a')])
      await server.client().indices.delete({ index: await opened.dataIndex() })

      await assert.rejects(commitAnew(opened), replaced(/was deleted.*rebuild/))
      await assert.rejects(opened.model.get('a'), replaced(/was deleted/))
    })

    jest.it('is refused when it was deleted between two commits of one process', async () => {
      await using opened = await openBuild(server)
      const { given, build } = opened
      await given.write(build, [put('a')])
      const step = await given.step(build)
      await server.client().indices.delete({ index: await opened.dataIndex() })

      const commit = given.storage.commit(build, step, changesOf([put('b', {}, 2)]))

      await assert.rejects(commit, replaced(/was deleted/))
      assert.deepEqual((await given.storage.readLane(build, 0)).checkpoint, undefined)
    })

    jest.it('is refused when it was made again, with its aliases and mappings', async () => {
      await using opened = await openBuild(server)
      await opened.given.write(opened.build, [put('a')])
      const client = server.client()
      const index = await opened.dataIndex()
      const { [index]: found } = await client.indices.get({ index })
      await client.indices.delete({ index })
      const { mappings = {}, aliases = {} } = found ?? {}
      await client.indices.create({ index, mappings, aliases })

      await assert.rejects(commitAnew(opened), replaced(/was made again/))
    })

    jest.it('is refused when the lane is claimed', async () => {
      await using opened = await openBuild(server)
      const { given, build, model } = opened
      await server.client().indices.delete({ index: await opened.dataIndex() })

      const claim = await given.step(build, { owner: 'ada', epoch: 1 })

      await assert.rejects(model.storage.writeLane(build, claim), replaced(/was deleted/))
    })

    jest.it('is restored by a rebuild, as its error says', async () => {
      const store = openStore()
      await append(store, '1', deposited(5))
      const client = server.client()
      const index = server.anyIndex()
      const balances = new ElasticsearchReadModel<Balance>({
        client,
        index,
        mappings: balanceMappings,
      })
      const runner = new ProjectionRunner({
        ...{ store, projections: [project(accountBalances).into(balances)], logger: silent },
      })
      await runner.runUntilCaughtUp()
      const found = await client.indices.get({ index: `${index}-b1-*` })
      await client.indices.delete({ index: Object.keys(found)[0] ?? '' })
      const position = await append(store, '1', deposited(6))
      await assert.rejects(runner.runUntilCaughtUp(), replaced(/was deleted/))

      await runner.rebuild(accountBalances.name)

      await balances.waitFor(position, { visibility: 'search' })
      assert.equal((await balances.get('account-1'))?.cents, 11)
      const searched = await client.search({ index })
      assert.equal(searched.hits.hits.length, 1)
    })

    jest.it('is not begun anew when the records were deleted', async () => {
      await using opened = await openBuild(server)
      const { index, model } = opened
      await server.client().indices.delete({ index: `${index}-lanes` })

      const found = openModel(server.client(), index).storage.readBuilds()

      await assert.rejects(found, {
        code: 'INDEX_REPLACED',
        message: new RegExp(`'${index}-lanes' was deleted.*Delete '${index}-b1-`),
      })
      await assert.rejects(model.get('a'), { code: 'INDEX_REPLACED' })
    })

    jest.it('gets no records from a late write when they were deleted', async () => {
      await using opened = await openBuild(server)
      const { index, given, build } = opened
      const step = await ownedStep(given, build)
      await server.client().indices.delete({ index: `${index}-lanes` })

      await server.whileMakingIndices(index, async () => {
        assert.equal(await given.storage.writeLane(build, step), false)
      })

      const found = await server.client().indices.get({ index: `${index}-lanes*` })
      assert.deepEqual(Object.keys(found), [])
    })

    jest.it('keeps its documents when the name of the alias is taken by an index', async () => {
      const index = server.anyIndex()
      await server.client().indices.create({ index })
      const balances = new ElasticsearchReadModel<Balance>({
        ...{ client: server.client(), index, mappings: balanceMappings },
      })
      const runner = new ProjectionRunner({
        ...{ store: openStore(), projections: [project(accountBalances).into(balances)] },
        logger: silent,
      })

      await assert.rejects(runner.runUntilCaughtUp(), { code: 'INDEX_TAKEN' })
    })

    jest.it('is refused by code whose mappings changed without a new version', async () => {
      await using opened = await openBuild(server)
      const { index, build } = opened
      const other = openModel(server.client(), index, {
        mappings: { properties: { title: { type: 'text' } } },
      })

      await assert.rejects(other.storage.prepare(build), {
        code: 'BUILD_MAPPINGS',
        message: /Raise the version/,
      })
    })
  },
)

describeOnElasticsearch('documents in Elasticsearch that are further than their lane', () => {
  jest.it('are shown to the log when the lane is claimed', async () => {
    await using opened = await openBuild(server)
    const { given, build, model } = opened
    const [first, second] = [randomUUID(), randomUUID()]
    await given.write(build, [
      { ...put('a', {}, 7), eventId: first },
      { ...put('b', {}, 9), eventId: second },
      put('c', {}, 2),
    ])
    const lane = await given.storage.readLane(build, 0)
    const at4 = { ...lane, checkpoint: { position: put('x', {}, 4).position, eventId: 'e' } }

    const places = await model.storage.ahead(build, 0, at4)

    assert.deepEqual(
      places.map(({ position, eventId }) => [position, eventId]),
      [
        [9n, second],
        [7n, first],
      ],
    )
  })

  jest.it('stop the lane when the log was set back', async () => {
    const client = server.client()
    const index = server.anyIndex()
    const open = () =>
      new ElasticsearchReadModel<Balance>({ client, index, mappings: balanceMappings })
    const before = openStore()
    await append(before, '1', deposited(1))
    await append(before, '1', deposited(2))
    const balances = open()
    const runner = new ProjectionRunner({
      ...{ store: before, projections: [project(accountBalances).into(balances)], logger: silent },
    })
    await runner.runUntilCaughtUp()
    const { live } = (await balances.storage.readBuilds()) ?? {}
    assert(live)
    const lane = await balances.storage.readLane(live, 0)
    // What a crash between the bulk and the lane leaves: the lane stands where it began.
    const back = { ...lane, revision: randomUUID(), checkpoint: undefined }
    await balances.storage.writeLane(live, { number: 0, previous: lane, next: back })
    const after = openStore() // another history
    await append(after, '2', deposited(3)) // touches no document that is there
    const restarted = new ProjectionRunner({
      ...{ store: after, projections: [project(accountBalances).into(open())], logger: silent },
    })

    await assert.rejects(restarted.runUntilCaughtUp(), { code: 'STORE_REWOUND' })
  })
})
