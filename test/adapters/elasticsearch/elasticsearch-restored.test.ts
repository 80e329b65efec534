import assert from 'node:assert/strict'
import * as jest from '@jest/globals'
import type { Client } from '@elastic/elasticsearch'
import { ElasticsearchReadModel } from '../../../src/adapters/elasticsearch/index.ts'
import { project, ProjectionRunner } from '../../../src/index.ts'
import { changesOf, put } from '../../../src/testing/contracts/read-model/contract-document.ts'
import { accountBalances, type Balance } from '../../domain/account.ts'
import { append, deposited, openStore, silent } from '../../projections/runner-fixture.ts'
import { describeOnElasticsearch, ElasticsearchServer } from './elasticsearch-server.ts'
import { openBuild, openModel } from './opened-build.ts'

const server = new ElasticsearchServer()
jest.afterAll(() => server.close())

/** What an operator keeps of indices, and puts back. It goes into the folder that the server has for that (`path.repo`). */
class Backup implements AsyncDisposable {
  readonly #client: Client
  readonly #name: string
  readonly #indices: string

  private constructor(client: Client, name: string, indices: string) {
    this.#client = client
    this.#name = name
    this.#indices = indices
  }

  static async take(client: Client, name: string, indices: string): Promise<Backup> {
    const repository = { type: 'fs', settings: { location: name } } as const
    await client.snapshot.createRepository({ name, repository })
    await client.snapshot.create({
      ...{ repository: name, snapshot: name, indices, wait_for_completion: true },
    })
    return new Backup(client, name, indices)
  }

  async restore(): Promise<void> {
    await this.#client.snapshot.restore({
      ...{ repository: this.#name, snapshot: this.#name, indices: this.#indices },
      wait_for_completion: true,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.snapshot.delete({ repository: this.#name, snapshot: this.#name })
    await this.#client.snapshot.deleteRepository({ name: this.#name })
  }
}

/** What the lane's owner does next, in a process that begins now. */
async function commitAnew({ index, given, build }: Awaited<ReturnType<typeof openBuild>>) {
  const fresh = openModel(server.client(), index).storage
  return fresh.commit(build, await given.step(build), changesOf([put('c', {}, 3)]))
}

const replaced = (happened: RegExp) => ({
  ...{ code: 'INDEX_REPLACED', retryable: false, message: happened },
})

describeOnElasticsearch('an index of Elasticsearch that was restored from a backup', () => {
  jest.it('is refused when it took the place of the one that was there', async () => {
    await using opened = await openBuild(server)
    const { given, build, index } = opened
    const client = server.client()
    await given.write(build, [put('a')])
    const data = await opened.dataIndex()
    await using backup = await Backup.take(client, index, data)
    await given.write(build, [put('b', {}, 2)])
    const before = await client.indices.getSettings({ index: data })

    await client.indices.close({ index: data })
    await backup.restore()

    const after = await client.indices.getSettings({ index: data })
    const uuids = [before, after].map((found) => found[data]?.settings?.index?.uuid)
    assert.equal(uuids[0], uuids[1]) // the index tells nothing, its shards do
    await assert.rejects(commitAnew(opened), replaced(/was restored.*rebuild/))
  })

  jest.it('is refused when the one before was deleted', async () => {
    await using opened = await openBuild(server)
    const { given, build, index } = opened
    const client = server.client()
    await given.write(build, [put('a')])
    const data = await opened.dataIndex()
    await using backup = await Backup.take(client, index, data)

    await client.indices.delete({ index: data })
    await backup.restore()

    await assert.rejects(commitAnew(opened), replaced(/was made again.*rebuild/))
  })

  jest.it('together with its records asks for a rebuild, which ends right', async () => {
    const store = openStore()
    const client = server.client()
    const index = server.anyIndex()
    const properties = {
      ...{ owner: { type: 'keyword' }, cents: { type: 'long' }, events: { type: 'integer' } },
    }
    const open = () =>
      new ElasticsearchReadModel<Balance>({ client, index, mappings: { properties } })
    const runnerOf = (model: ElasticsearchReadModel<Balance>) =>
      new ProjectionRunner({
        ...{ store, projections: [project(accountBalances).into(model)], logger: silent },
      })
    await append(store, '1', deposited(1))
    await runnerOf(open()).runUntilCaughtUp()
    await using backup = await Backup.take(client, index, `${index}-*`)
    await append(store, '1', deposited(2))
    await runnerOf(open()).runUntilCaughtUp()
    const found = await client.indices.get({ index: `${index}-*` })
    await client.indices.delete({ index: Object.keys(found) })
    await backup.restore()
    const balances = open()
    const runner = runnerOf(balances)

    await assert.rejects(runner.runUntilCaughtUp(), replaced(/rebuild/))
    await runner.rebuild(accountBalances.name)

    await balances.waitFor((await store.head())?.position, { visibility: 'search' })
    assert.equal((await balances.get('account-1'))?.cents, 3)
    const { hits } = await client.search<Balance>({ index })
    assert.deepEqual(
      hits.hits.map(({ _source }) => _source?.cents),
      [3],
    )
  })
})
