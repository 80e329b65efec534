import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import { postgresEventStore } from '../../src/adapters/postgres/index.ts'
import type { Benchmark } from '../benchmark.ts'
import { databases, unusedName } from '../pglite/databases.ts'
import { accountEvents } from '../workload/account.ts'
import { errandsOf } from '../workload/commands.ts'
import { memoryCommandsFloor } from './memory-floor.ts'
import { pgliteCommandsFloor } from './pglite-floor.ts'
import { repositorySide } from './repository-side.ts'

const catalogs = [accountEvents]

/** Load an aggregate of ten events on average, decide, append one event. */
export const commandsBenchmarks: readonly Benchmark[] = [
  {
    name: 'commands, memory',
    unit: 'commands/s',
    open: async () => {
      const errands = errandsOf({ accounts: 1000, commandsEach: 20 })
      const openStore = async () => ({
        store: memoryEventStore({ catalogs }),
        clear: async () => undefined,
      })
      return {
        amount: errands.length,
        ours: repositorySide(errands, { withIds: false, openStore }),
        floor: memoryCommandsFloor(errands),
      }
    },
  },
  onPGlite({ name: 'commands, PGlite', withIds: false }),
  onPGlite({ name: 'commands with ids, PGlite', withIds: true }),
]

function onPGlite({ name, withIds }: { name: string; withIds: boolean }): Benchmark {
  return {
    name,
    unit: 'commands/s',
    open: async () => {
      const errands = errandsOf({ accounts: 150, commandsEach: 20 })
      return {
        amount: errands.length,
        ours: repositorySide(errands, { withIds, openStore: openOnPGlite }),
        floor: pgliteCommandsFloor(errands, { withIds }),
      }
    },
  }
}

async function openOnPGlite() {
  const { ours: database } = await databases()
  const schema = unusedName()
  const store = postgresEventStore({ database, schema, catalogs })
  await store.head() // makes the schema
  return { store, clear: () => database.script(`DROP SCHEMA ${schema} CASCADE`) }
}
