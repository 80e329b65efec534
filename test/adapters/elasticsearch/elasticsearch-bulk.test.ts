import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import * as jest from '@jest/globals'
import { FieldRefusedError } from '../../../src/adapters/elasticsearch/index.ts'
import {
  at,
  changesOf,
  documentOf,
  many,
  put,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { describeOnElasticsearch, ElasticsearchServer } from './elasticsearch-server.ts'
import { idsOf, isDocumentBulk, itemAnswer } from './faulty-elasticsearch.ts'
import { openBuild, openModel, ownedStep } from './opened-build.ts'

const server = new ElasticsearchServer()
jest.afterAll(() => server.close())

/** Turns chosen items down in the first bulks. */
const turnedDown = (ids: readonly string[], status: number, type: string, bulks = 1) => {
  let left = bulks
  return (asked: Parameters<typeof isDocumentBulk>[0]) =>
    isDocumentBulk(asked) && left-- > 0
      ? { turnDown: (id: string) => (ids.includes(id) ? itemAnswer(status, type) : undefined) }
      : undefined
}

describeOnElasticsearch('a bulk into Elasticsearch', () => {
  jest.it('sends those items again that a busy server turned down, and no others', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    faulty.on(turnedDown(['b', 'd'], 429, 'es_rejected_execution_exception'))

    await given.write(
      build,
      ['a', 'b', 'c', 'd'].map((key) => put(key)),
    )

    assert.deepEqual(faulty.bulks.map(idsOf), [
      ['a', 'b', 'c', 'd'],
      ['b', 'd'],
    ])
    assert.equal((await given.all(build)).length, 4)
  })

  jest.it('sends half as much after it was too much, and slowly more again', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    const title = 'x'.repeat(100_000)
    const writes = many(30).map(({ key }) => put(key, { title }))
    const first = writes[0]?.key ?? ''
    faulty.on(turnedDown([first], 429, 'circuit_breaking_exception', 2))

    await given.write(build, writes)
    await given.write(
      build,
      writes.map((write) => ({ ...write, position: at(2) })),
    )

    const sizes = faulty.bulks.map((bulk) => idsOf(bulk).length)
    assert.deepEqual(sizes.slice(0, 3), [30, 1, 1])
    const again = sizes.slice(3)
    assert.equal(
      again.reduce((sum, size) => sum + size, 0),
      30,
    )
    assert.ok(Math.max(...again) < 30, `again in bulks of ${again.join(', ')}`)
  })

  jest.it('sends the same items again while their shard is not there', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    faulty.on(turnedDown(['a', 'b'], 503, 'unavailable_shards_exception', 2))

    await given.write(build, [put('a'), put('b')])

    const bodies = faulty.bulks.map(({ body }) => body)
    assert.deepEqual(bodies, Array(3).fill(bodies[0]))
    assert.equal((await given.all(build)).length, 2)
  })

  jest.it('says that it is unavailable when it turns items down again and again', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    const step = await ownedStep(given, build)
    faulty.on(turnedDown(['b'], 429, 'es_rejected_execution_exception', 100))

    const commit = given.storage.commit(build, step, changesOf([put('a'), put('b')]))

    await assert.rejects(commit, { code: 'ELASTICSEARCH_UNAVAILABLE', retryable: true })
    const lane = await given.storage.readLane(build, 0)
    assert.equal(lane.revision, step.previous.revision)
  })

  jest.it('divides a bulk that is too large, down to single documents', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    const tooLarge = (bytes: number): void => {
      faulty.on((asked) =>
        isDocumentBulk(asked) && asked.body.length > bytes
          ? { answer: { status: 413, body: '' } }
          : undefined,
      )
    }
    tooLarge(3000)

    await given.write(build, many(100))

    assert.equal((await given.all(build)).length, 100)
  })

  jest.it('refuses a document that alone is too large', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened
    faulty.on((asked) =>
      isDocumentBulk(asked) && asked.body.length > 3000
        ? { answer: { status: 413, body: '' } }
        : undefined,
    )
    const large = put('large', { title: 'x'.repeat(5000) })

    const outcome = await given.storage.commit(
      build,
      await given.step(build),
      changesOf([put('small'), large]),
    )

    assert(typeof outcome === 'object')
    assert.deepEqual([...outcome.refused.keys()], ['large'])
    assert.match(outcome.refused.get('large')?.message ?? '', /more than one request may have/)
  })

  jest.it(
    'counts a document as written where one stands that contains as much, or more',
    async () => {
      await using opened = await openBuild(server)
      const { given, build } = opened
      const behind = put('a', { title: 'behind' }, 5)
      const other = openModel(server.client(), opened.index)
      const ahead = { ...put('a', { title: 'ahead' }, 7), eventId: randomUUID() }
      const asked: unknown[] = []
      const requireInLog = async (place: unknown): Promise<void> => void asked.push(place)
      await other.storage.commit(build, await given.step(build), changesOf([ahead]))

      const outcome = await given.storage.commit(build, await given.step(build), {
        ...changesOf([behind, put('b')]),
        requireInLog,
      })

      assert.equal(outcome, 'committed')
      assert.deepEqual(await given.all(build), [put('a', { title: 'ahead' }, 7), put('b')])
      assert.deepEqual(asked, [{ position: at(7), eventId: ahead.eventId }])
    },
  )

  jest.it('counts no document that is further than the log', async () => {
    await using opened = await openBuild(server)
    const { given, build } = opened
    const ahead = { ...put('a', {}, 7), eventId: randomUUID() }
    await given.write(build, [ahead])
    const step = await given.step(build)

    const commit = given.storage.commit(build, step, {
      ...changesOf([put('a', {}, 5)]),
      requireInLog: async ({ position }) => {
        throw new RangeError(`The log has no ${position}.`)
      },
    })

    await assert.rejects(commit, /The log has no 7/)
    assert.deepEqual((await given.storage.readLane(build, 0)).checkpoint, step.previous.checkpoint)
  })

  jest.it('counts no document that conflicts with nothing', async () => {
    await using opened = await openBuild(server)
    const { given, build } = opened
    await given.write(build, [put('a')])
    const client = server.client()
    const index = await opened.dataIndex()
    // Elasticsearch remembers the deletion's version for a while.
    await client.delete({ index, id: 'a', version: 9, version_type: 'external' })

    const commit = given.storage.commit(
      build,
      await given.step(build),
      changesOf([put('a', {}, 5)]),
    )

    await assert.rejects(commit, /conflict with others that are not there/)
  })

  jest.it('writes the others when it refuses one, and names its field and event', async () => {
    await using opened = await openBuild(server)
    const { given, build } = opened
    const eventId = randomUUID()
    const bad = documentOf({ count: 'many' as unknown as number })
    const writes = [put('a'), { key: 'bad', document: bad, position: at(42), eventId }]

    const outcome = await given.storage.commit(build, await given.step(build), changesOf(writes))

    assert(typeof outcome === 'object')
    const refused = outcome.refused.get('bad')
    assert(refused instanceof FieldRefusedError)
    const { key, field, position } = refused
    assert.deepEqual(
      { key, field, position, eventId: refused.eventId },
      {
        ...{ key: 'bad', field: 'count', position: 42n, eventId },
      },
    )
    assert.match(refused.message, new RegExp(`'count'.*position 42.*${eventId}.*many`))
    assert.deepEqual(await given.all(build), [put('a')])
  })

  jest.it('refuses a member that the mappings do not declare, by its name', async () => {
    await using opened = await openBuild(server)
    const { given, build } = opened
    const document = { ...documentOf(), surprise: 1 }

    const outcome = await given.storage.commit(
      build,
      await given.step(build),
      changesOf([{ key: 'a', document, position: at(1) }]),
    )

    assert(typeof outcome === 'object')
    const refused = outcome.refused.get('a')
    assert(refused instanceof FieldRefusedError)
    assert.equal(refused.field, 'surprise')
  })

  jest.it.each([
    ['is no object', ['text'], /is not an object/],
    ["has a member 'everfold'", { everfold: 1 }, /which Everfold adds/],
  ])('refuses a document that %s', async (_, document, message) => {
    await using opened = await openBuild(server)
    const { given, build } = opened

    const outcome = await given.storage.commit(
      build,
      await given.step(build),
      changesOf([{ key: 'a', document: document as never, position: at(1) }]),
    )

    assert(typeof outcome === 'object')
    assert.match(outcome.refused.get('a')?.message ?? '', message)
  })

  jest.it(
    'writes nothing to an index that an operator has blocked, and says how to go on',
    async () => {
      await using opened = await openBuild(server)
      const { given, build } = opened
      const settings = server.client().indices
      const index = await opened.dataIndex()
      await settings.putSettings({ index, settings: { 'index.blocks.write': true } })

      const commit = given.storage.commit(build, await given.step(build), changesOf([put('a')]))

      await assert.rejects(commit, { code: 'INDEX_BLOCKED', retryable: false, message: /blocks/ })
    },
  )

  jest.it('tries again while the disk of the server is full', async () => {
    await using opened = await openBuild(server)
    const { given, build } = opened
    const settings = server.client().indices
    const index = await opened.dataIndex()
    const block = { 'index.blocks.read_only_allow_delete': true }
    await settings.putSettings({ index, settings: block })

    const commit = given.storage.commit(build, await given.step(build), changesOf([put('a')]))

    await assert.rejects(commit, { code: 'INDEX_BLOCKED', retryable: true, message: /flood/ })
  })

  jest.it('sends two bulks at once, and each key in one of them', async () => {
    await using opened = await openBuild(server)
    const { given, build, faulty } = opened

    await given.write(build, many(3000))

    const [one = [], other = [], ...more] = faulty.bulks.map(idsOf)
    assert.deepEqual([one.length, other.length, more.length], [1500, 1500, 0])
    assert.equal(new Set([...one, ...other]).size, 3000)
  })
})
