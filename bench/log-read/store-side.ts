import type { EventStore } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { LogTally } from './log-tally.ts'

/** Reads the whole log through `readAll`. */
export function storeReadSide(store: EventStore): Side {
  return {
    prepare: async () => {
      const tally = new LogTally()
      return {
        work: async () => {
          for await (const { events } of store.readAll())
            for (const { streamId, version, data, position, type } of events) {
              tally.add(streamId, version, data)
              tally.addPlace(Number(position), type)
            }
        },
        finish: async () => tally.toString(),
      }
    },
  }
}
