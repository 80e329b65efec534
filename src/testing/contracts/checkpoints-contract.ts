import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createReadModel } from '../../projections/create-read-model.ts'
import type { Checkpoints } from '../../projections/reactions/checkpoints.ts'
import type { ReadModelStorage } from '../../projections/read-model-storage.ts'
import { contract, type ContractSubject, type TestRunner } from './contract.ts'
import { addLaneRules } from './read-model/lane-rules.ts'
import { addMemberRules } from './read-model/member-rules.ts'
import { addParkedPageRules } from './read-model/parked-page-rules.ts'
import type { ContractDocument } from './read-model/contract-document.ts'
import { ContractModel, type ReadModelRule } from './read-model/contract-model.ts'

/**
 * What all checkpoints of reactions must do: keep lanes and parked events as a read model does, without documents. Call it from the adapter's own test file.
 *
 * ```ts
 * checkpointsContract(jest, { name: 'MemoryCheckpoints', open: () => new MemoryCheckpoints() })
 * ```
 */
export function checkpointsContract(
  runner: TestRunner,
  subject: ContractSubject<Checkpoints>,
): void {
  contract(runner, 'Checkpoints', subject, (given) => {
    const rule: ReadModelRule = (behaviour, test) => {
      given(behaviour, async (checkpoints) => test(modelOf(checkpoints)))
    }
    addLaneRules(rule)
    addMemberRules(rule)
    addParkedPageRules(rule)

    given('gives one storage for one name, and another one for another', async (checkpoints) => {
      const [one, other] = [randomUUID(), randomUUID()]
      const build = await modelOf(checkpoints, one).build()
      const storage = checkpoints.storageOf(one)

      assert.equal(checkpoints.storageOf(one), storage)
      assert.equal(await checkpoints.storageOf(other).readBuilds(), undefined)
      assert.equal((await storage.readLanes(build)).length, 2)
    })
  })
}

/** The rules ask for a read model; these never write a document that they read again. */
function modelOf(checkpoints: Checkpoints, name: string = randomUUID()): ContractModel {
  const storage = checkpoints.storageOf(name) as ReadModelStorage<unknown>
  const refused = {} as ContractDocument
  return new ContractModel(createReadModel(storage as ReadModelStorage<ContractDocument>), refused)
}
