import { randomUUID } from 'node:crypto'
import {
  ElasticsearchReadModel,
  type ElasticsearchClient,
} from '../../../src/adapters/elasticsearch/index.ts'
import type { Build } from '../../../src/index.ts'
import {
  documentOf,
  type ContractDocument,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { ContractModel } from '../../../src/testing/contracts/read-model/contract-model.ts'
import { contractMappings } from './contract-mappings.ts'
import type { ElasticsearchServer } from './elasticsearch-server.ts'
import { FaultyElasticsearch } from './faulty-elasticsearch.ts'

export type Model = ElasticsearchReadModel<ContractDocument>

export interface OpenedBuild extends AsyncDisposable {
  readonly faulty: FaultyElasticsearch
  readonly index: string
  readonly model: Model
  /** The steps that most tests take, through the faulty server. */
  readonly given: ContractModel
  readonly build: Build
  /** Name of the build's index. */
  dataIndex(): Promise<string>
}

export const openModel = (client: ElasticsearchClient, index: string, changes = {}): Model =>
  new ElasticsearchReadModel<ContractDocument>({
    ...{ client, index, mappings: contractMappings },
    ...changes,
  })

/** A read model with one build, behind a server that does what a test wants. */
export async function openBuild(server: ElasticsearchServer, changes = {}): Promise<OpenedBuild> {
  const faulty = await FaultyElasticsearch.listen(server.url)
  const index = server.anyIndex()
  const model = openModel(server.client(faulty.url), index, changes)
  const given = new ContractModel(model, documentOf())
  const build = await given.build().catch(async (error: unknown) => {
    await faulty[Symbol.asyncDispose]()
    throw error
  })
  return {
    ...{ faulty, index, model, given, build },
    dataIndex: async () =>
      Object.keys(await server.client().indices.get({ index: `${index}-b*` }))[0] ?? '',
    [Symbol.asyncDispose]: () => faulty[Symbol.asyncDispose](),
  }
}

/** A step of the lane that its owner writes first: then the bulk needs no beat. */
export async function ownedStep(given: ContractModel, build: Build) {
  const claim = await given.step(build, { owner: 'ada', leaseMs: 60_000 })
  await given.storage.writeLane(build, claim)
  const next = { ...claim.next, revision: randomUUID() }
  return { number: 0, previous: claim.next, next }
}
