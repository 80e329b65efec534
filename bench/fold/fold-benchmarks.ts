import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { bigint, integer, PostgresReadModel, text } from '../../src/adapters/postgres/index.ts'
import type { Benchmark } from '../benchmark.ts'
import { databases, unusedName } from '../pglite/databases.ts'
import type { Balance } from '../workload/account.ts'
import { MEMORY_LOG, memoryLog } from '../workload/memory-log.ts'
import { PGLITE_LOG, pgliteLog } from '../workload/pglite-log.ts'
import { memoryFoldFloor } from './memory-floor.ts'
import { pgliteFoldFloor } from './pglite-floor.ts'
import { runnerSide } from './runner-side.ts'

/** Build a read model from a whole log, ten events per document, hardly two of them on one page. */
export const foldBenchmarks: readonly Benchmark[] = [
  {
    name: 'fold, memory',
    unit: 'events/s',
    open: async () => {
      const { store, stored } = await memoryLog()
      const { accounts, events } = MEMORY_LOG
      const openReadModel = async () => ({
        readModel: new MemoryReadModel<Balance>(),
        clear: async () => undefined,
      })
      return {
        amount: events,
        ours: runnerSide(store, { accounts, openReadModel }),
        floor: memoryFoldFloor(stored),
      }
    },
  },
  {
    name: 'fold, PGlite typed columns',
    unit: 'events/s',
    open: async () => {
      const { store, table } = await pgliteLog()
      const { accounts, events } = PGLITE_LOG
      return {
        amount: events,
        ours: runnerSide(store, { accounts, openReadModel: openOnPGlite }),
        floor: pgliteFoldFloor(table),
      }
    },
  },
]

async function openOnPGlite() {
  const { ours: database } = await databases()
  const [table, recordsSchema] = [unusedName(), unusedName()]
  const columns = { owner: text, cents: bigint, payments: integer, lastReference: text }
  const readModel = new PostgresReadModel<Balance>({ database, table, recordsSchema, columns })
  await readModel.get('account-0') // makes the records
  const clear = () =>
    database.script(
      `DROP VIEW ${table}; DROP TABLE ${table}_b1; DROP SCHEMA ${recordsSchema} CASCADE`,
    )
  return { readModel, clear }
}
