import { parseStreamId } from '../../src/index.ts'
import type { Side } from '../benchmark.ts'
import { newServerStore, server } from '../postgres/server.ts'
import { appendSide, type Append } from './append-side.ts'
import { payment, type AppendLoad } from './workload.ts'

/** `store.append`, with the version of each stream. */
export async function storeAppendSide(load: AppendLoad): Promise<Side> {
  const { store, schema } = await newServerStore()
  const indexes = Array.from({ length: load.eventsPerAppend }, (_, index) => index)
  const append: Append = async (stream, expectedVersion, first) => {
    const events = indexes.map((index) => payment(first + index))
    return (await store.append(parseStreamId(stream), events, { expectedVersion })).version
  }
  return appendSide(load, { pool: server().ours, schema, append })
}
