import * as jest from '@jest/globals'
import { ElasticsearchReadModel } from '../../../src/adapters/elasticsearch/index.ts'
import { readModelContract } from '../../../src/testing/contracts/read-model-contract.ts'
import {
  documentOf,
  type ContractDocument,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { contractMappings } from './contract-mappings.ts'
import { ElasticsearchServer, skipped } from './elasticsearch-server.ts'

const server = new ElasticsearchServer()
jest.afterAll(() => server.close())

const open = (): ElasticsearchReadModel<ContractDocument> =>
  new ElasticsearchReadModel<ContractDocument>({
    client: server.client(),
    index: server.anyIndex(),
    mappings: contractMappings,
  })

readModelContract(jest, { name: 'ElasticsearchReadModel', open, skipped })

readModelContract(jest, {
  name: 'ElasticsearchReadModel whose server refuses documents',
  open,
  refused: documentOf({ count: 'many' as unknown as number }),
  unsupported: {
    'writes nothing of a commit with a refused document, not even the lane':
      'documents are written one by one; what a replay finds written it skips',
    'goes on after a refused document as if it had never been sent':
      'the lane is written before the documents; the runner reads it again',
  },
  skipped,
})
