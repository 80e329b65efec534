import { EventImporter } from '../../src/adapters/postgres/import/event-importer.ts'
import { EventEncoder } from '../../src/event-store/event-encoder.ts'
import type { Side } from '../benchmark.ts'
import { accountEvents } from '../workload/account.ts'
import { history } from './history.ts'
import { newLog } from './new-log.ts'

/** Imports the events. */
export const importSide: Side = {
  prepare: async () => {
    const events = history()
    const log = await newLog()
    const encoder = new EventEncoder(new Map([['account', accountEvents]]), () => '')
    return {
      work: async () => {
        await new EventImporter(log.schema, encoder).import(events)
      },
      finish: async () => {
        const digest = await log.digest()
        await log.drop()
        return digest
      },
    }
  },
}
