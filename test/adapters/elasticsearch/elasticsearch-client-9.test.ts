import assert from 'node:assert/strict'
import * as jest from '@jest/globals'
import { Client } from 'elasticsearch-9'
import { ElasticsearchReadModel } from '../../../src/adapters/elasticsearch/index.ts'
import { project, ProjectionRunner } from '../../../src/index.ts'
import { accountBalances, accountEvents, type Balance } from '../../domain/account.ts'
import { append, deposited, openStore, silent } from '../../projections/runner-fixture.ts'
import { describeOnElasticsearch, ElasticsearchServer } from './elasticsearch-server.ts'

const VERSION_8 = 'application/vnd.elasticsearch+json; compatible-with=8'

const server = new ElasticsearchServer()
jest.afterAll(() => server.close())

async function opened(options: ConstructorParameters<typeof Client>[0] = {}) {
  const client = new Client({ node: server.url, ...options })
  const index = server.anyIndex()
  const properties = {
    ...{ owner: { type: 'keyword' }, cents: { type: 'long' }, events: { type: 'integer' } },
  }
  const balances = new ElasticsearchReadModel<Balance>({ client, index, mappings: { properties } })
  const store = openStore()
  const runner = new ProjectionRunner({
    ...{ store, projections: [project(accountBalances).into(balances)], logger: silent },
    pageSize: 500,
  })
  return { client, index, balances, store, runner, [Symbol.asyncDispose]: () => client.close() }
}

describeOnElasticsearch('version 9 of the client, with a server of version 8', () => {
  jest.it('is told that the server is too old for it', async () => {
    await using given = await opened()
    await append(given.store, '1', deposited(1))

    await assert.rejects(given.runner.runUntilCaughtUp(), {
      ...{ code: 'ELASTICSEARCH_VERSION', retryable: false },
      message: /compatible-with=9.*compatible-with=8/,
    })
  })

  jest.it('fills a read model when it is told to speak as version 8 does', async () => {
    await using given = await opened({ headers: { accept: VERSION_8, 'content-type': VERSION_8 } })
    const { client, index, balances, store, runner } = given
    for (let account = 0; account < 1200; account++)
      await append(store, String(account), deposited(1), deposited(account))
    await append(store, '5', accountEvents.AccountClosed({}))

    await runner.runUntilCaughtUp()
    const [report] = await runner.rebuild(accountBalances.name)
    await balances.waitFor((await store.head())?.position, { visibility: 'search' })

    assert.equal(report?.isIdentical, true)
    assert.deepEqual(await balances.get('account-7'), { owner: '', cents: 8, events: 2 })
    assert.equal(await balances.get('account-5'), undefined)
    assert.equal((await client.count({ index })).count, 1199)
  })
})
