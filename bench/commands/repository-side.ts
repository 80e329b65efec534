import { Repository, type EventStore } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { account } from '../workload/account.ts'
import type { Errand } from '../workload/commands.ts'
import { storedEvents } from '../workload/log.ts'
import { CommandsResult } from './commands-result.ts'

/** Runs the errands one after another through `Repository.execute`. */
export function repositorySide(
  errands: readonly Errand[],
  options: {
    readonly withIds: boolean
    /** A new store, in which nothing was appended yet. */
    readonly openStore: () => Promise<{ store: EventStore; clear(): Promise<void> }>
  },
): Side {
  const { withIds, openStore } = options
  return {
    prepare: async () => {
      const { store, clear } = await openStore()
      const repository = new Repository({ store })
      let cents = 0
      return {
        work: async () => {
          for (const { id, command, commandId } of errands) {
            const executeOptions = withIds ? { commandId } : {}
            const { state } = await repository.execute(account, id, command, executeOptions)
            cents += state.cents
          }
        },
        finish: async () => {
          const result = new CommandsResult(cents)
          for (const stored of await storedEvents(store)) result.add(stored)
          await clear()
          return result.toString()
        },
      }
    },
  }
}
