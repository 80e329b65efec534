import type { Side } from '../benchmark.ts'
import { history } from './history.ts'
import { newLog } from './new-log.ts'

/** Imports the events. */
export const importSide: Side = {
  prepare: async () => {
    const events = history()
    const log = await newLog()
    return {
      work: async () => {
        await log.store.import(events)
      },
      finish: async () => {
        const digest = await log.digest()
        await log.drop()
        return digest
      },
    }
  },
}
