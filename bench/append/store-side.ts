import { parseStreamId } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { newServerStore, server } from '../postgres/server.ts'
import { appendRun } from './append-run.ts'
import { payment, type AppendLoad } from './workload.ts'

/** `store.append`, with the version of each stream. */
export async function storeAppendSide(load: AppendLoad): Promise<Side> {
  const { store, schema } = await newServerStore()
  const indexes = Array.from({ length: load.eventsPerAppend }, (_, index) => index)
  return {
    prepare: async () =>
      appendRun({
        load,
        pool: server().ours,
        table: `${schema}.events`,
        append: async (stream, expectedVersion, first) => {
          const events = indexes.map((index) => payment(first + index))
          return (await store.append(parseStreamId(stream), events, { expectedVersion })).version
        },
      }),
  }
}
