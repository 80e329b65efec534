import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { Client } from '@elastic/elasticsearch'
import * as jest from '@jest/globals'
import { ElasticsearchReadModel } from '../../../src/adapters/elasticsearch/index.ts'
import { changesOf, put } from '../../../src/testing/contracts/read-model/contract-document.ts'
import { contractMappings } from './contract-mappings.ts'
import { describeOnElasticsearch, ElasticsearchServer } from './elasticsearch-server.ts'
import { openBuild, openModel } from './opened-build.ts'

const server = new ElasticsearchServer()
jest.afterAll(() => server.close())

describeOnElasticsearch('an error of Elasticsearch', () => {
  jest.it('names the URL where nobody answers, and can be tried again', async () => {
    const model = openModel(server.client('http://127.0.0.1:9'), server.anyIndex())

    await assert.rejects(model.get('a'), {
      ...{ code: 'ELASTICSEARCH_UNAVAILABLE', retryable: true },
      message: /127\.0\.0\.1:9.*URL/,
    })
  })

  jest.it('tells of a server that is no Elasticsearch', async () => {
    const other = http.createServer((_, response) => response.end('{}'))
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { readonly port: number }
    const model = openModel(server.client(`http://127.0.0.1:${port}`), 'anything')

    await assert.rejects(model.get('a'), {
      ...{ code: 'ELASTICSEARCH_VERSION', retryable: false },
      message: /does not say that it is Elasticsearch/,
    })
    other.closeAllConnections()
    other.close()
    await once(other, 'close')
  })

  jest.it('tells of a server that is older than the client', async () => {
    const media = 'application/vnd.elasticsearch+json; compatible-with=9'
    const client = new Client({ node: server.url, headers: { accept: media } })
    const model = openModel(client, server.anyIndex())

    await assert.rejects(model.get('a'), {
      ...{ code: 'ELASTICSEARCH_VERSION', retryable: false },
      message: /needs a server of version 9/,
    })
    await client.close()
  })

  jest.it.each([
    [401, 'missing authentication credentials'],
    [403, 'action [indices:data/read/mget] is unauthorized for user [ada]'],
  ])('tells which rights are missing, status %i', async (status, reason) => {
    await using opened = await openBuild(server)
    const { faulty, model } = opened
    const error = { type: 'security_exception', reason }
    faulty.on(() => ({ answer: { status, body: { error, status } } }))

    await assert.rejects(model.get('a'), {
      ...{ code: 'ELASTICSEARCH_FORBIDDEN', retryable: false },
      message: /privilege 'all' on the indices/,
    })
  })

  jest.it.each([
    [429, true, 'ELASTICSEARCH_UNAVAILABLE'],
    [502, true, 'ELASTICSEARCH_UNAVAILABLE'],
    [503, true, 'ELASTICSEARCH_UNAVAILABLE'],
    [400, false, 'ELASTICSEARCH_REFUSED'],
  ])('of a whole bulk with status %i can be tried again: %s', async (status, retryable, code) => {
    await using opened = await openBuild(server)
    const { faulty, given, build } = opened
    const step = await given.step(build)
    faulty.on(({ path }) =>
      path.endsWith('/_bulk')
        ? { answer: { status, body: { error: { type: 'any', reason: 'any' }, status } } }
        : undefined,
    )

    const commit = given.storage.commit(build, step, changesOf([put('a')]))

    await assert.rejects(commit, { code, retryable })
  })

  jest.it('refuses mappings that Elasticsearch does not take, in its own words', async () => {
    const mappings = { properties: { owner: { type: 'nonsense' } } }
    const changes = { mappings }

    await assert.rejects(openBuild(server, changes), {
      code: 'ELASTICSEARCH_REFUSED',
      message: /nonsense/,
    })
  })

  jest.it.each(['Accounts', 'a b', '-a', '', 'a,b', 'a*'])(
    'refuses %j as name of an index at once',
    (index) => {
      const client = server.client()
      assert.throws(
        () => new ElasticsearchReadModel({ client, index, mappings: contractMappings }),
        TypeError,
      )
    },
  )

  jest.it('refuses a field that Everfold adds at once', () => {
    const mappings = { properties: { everfold: { type: 'keyword' } } }
    assert.throws(
      () => new ElasticsearchReadModel({ client: server.client(), index: 'a', mappings }),
      /Rename it/,
    )
  })
})
