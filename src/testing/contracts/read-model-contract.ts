import { contract, type ContractSubject, type TestRunner } from './contract.ts'
import { addBuildRules } from './read-model/build-rules.ts'
import { addCommitRules } from './read-model/commit-rules.ts'
import {
  OpenedModels,
  type ReadModelRule,
  type ReadModelSubject,
} from './read-model/contract-model.ts'
import { addDocumentRules } from './read-model/document-rules.ts'
import { addLaneRules } from './read-model/lane-rules.ts'
import { addMemberRules } from './read-model/member-rules.ts'
import { addParkedPageRules } from './read-model/parked-page-rules.ts'
import { addParkedRules } from './read-model/parked-rules.ts'
import { addReaderRules } from './read-model/reader-rules.ts'
import { addRefusalRules } from './read-model/refusal-rules.ts'
import { addScanRules } from './read-model/scan-rules.ts'
import { addWaitRules } from './read-model/wait-rules.ts'

/**
 * What every read model and its storage must do. Call it from the adapter's own test file.
 *
 * ```ts
 * readModelContract(jest, { name: 'MemoryReadModel', open: () => new MemoryReadModel() })
 * ```
 */
export function readModelContract(runner: TestRunner, subject: ReadModelSubject): void {
  const opening: ContractSubject<OpenedModels> = {
    ...subject,
    open: () => new OpenedModels(subject),
    close: (models) => models.close(),
  }
  contract(runner, 'ReadModel', opening, (given) => {
    const rule: ReadModelRule = (behaviour, test) => {
      given(behaviour, async (models) => test(await models.open()))
    }
    addLaneRules(rule)
    addCommitRules(rule)
    addDocumentRules(rule)
    addRefusalRules(rule)
    addParkedRules(rule)
    addParkedPageRules(rule)
    addScanRules(rule)
    addBuildRules(rule)
    addMemberRules(rule)
    addReaderRules(rule)
    addWaitRules(rule)
  })
}
