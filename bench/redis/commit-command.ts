import { commitArguments } from '../../src/adapters/redis/read-model/commit-arguments.ts'
import { DocumentIndexes } from '../../src/adapters/redis/read-model/document-indexes.ts'
import { KeyLayout } from '../../src/adapters/redis/read-model/key-layout.ts'
import { COMMIT } from '../../src/adapters/redis/scripts/commit.ts'
import type { Build, DocumentWrite, LaneStep } from '../../src/index.ts'
import type { Balance } from '../workload/account.ts'

const INDEXES = new DocumentIndexes<Balance>({ sortedSets: {}, sets: {} })

/** The command that commits documents, as the read model sends it to a server that has loaded the script. */
export function commandOf(
  { prefix, build }: { readonly prefix: string; readonly build: Build },
  step: LaneStep,
  documents: readonly DocumentWrite<Balance>[],
): readonly string[] {
  const lane = new KeyLayout(prefix).lane(build, step.number)
  const changes = { writes: documents, park: [], unpark: [] }
  const prepared = commitArguments(lane, INDEXES, { step, changes })
  if ('refused' in prepared) throw new Error('The floor writes what no read model can hold.')
  const { keys, args } = prepared
  return ['EVALSHA', COMMIT.digest, String(keys.length), ...keys, ...args]
}
