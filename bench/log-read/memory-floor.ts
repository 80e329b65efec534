import type { StoredEvent } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { LogTally } from './log-tally.ts'

/** Walks over a list of stored events and parses their data: no pages, no objects. */
export function memoryReadFloor(stored: readonly StoredEvent[]): Side {
  return {
    prepare: async () => {
      const tally = new LogTally()
      return {
        work: async () => {
          for (const { streamId, version, data, position, type } of stored) {
            tally.add(streamId, version, JSON.parse(data))
            tally.addPlace(Number(position), type)
          }
        },
        finish: async () => tally.toString(),
      }
    },
  }
}
