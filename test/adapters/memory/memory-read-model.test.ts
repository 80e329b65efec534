import assert from 'node:assert/strict'
import * as jest from '@jest/globals'
import { MemoryReadModel } from '../../../src/adapters/memory/memory-read-model.ts'
import {
  documentOf,
  put,
  type ContractDocument,
} from '../../../src/testing/contracts/read-model/contract-document.ts'
import { ContractModel } from '../../../src/testing/contracts/read-model/contract-model.ts'
import { readModelContract } from '../../../src/testing/contracts/read-model-contract.ts'

readModelContract(jest, { name: 'MemoryReadModel', open: () => new MemoryReadModel() })

jest.test('reads the next build when the live one is dropped meanwhile', async () => {
  const model = new MemoryReadModel<ContractDocument>()
  const given = new ContractModel(model, documentOf())
  const live = await given.build()
  const next = await given.buildBeside()
  await given.write(next, [put('a', { count: 2 })])
  const load = model.storage.load.bind(model.storage)
  const raced = jest.jest.spyOn(model.storage, 'load').mockImplementationOnce(async (...call) => {
    await given.switch()
    await model.storage.drop(live)
    return load(...call)
  })

  const found = await model.get('a')

  assert.deepEqual(found, documentOf({ count: 2 }))
  assert.equal(raced.mock.calls.length, 2)
})
