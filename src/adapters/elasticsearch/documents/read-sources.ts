import { failureOf } from '../server/server-answer.ts'
import { translateAnswer } from '../server/server-failure.ts'
import type { Server } from '../server/server.ts'
import type { FoundSource } from './document-source.ts'

/** Ids of one read. */
const MOST_IDS = 1000

interface Reading {
  readonly index: string
  readonly ids: readonly string[]
  /** The only ones that are read; undefined: all. */
  readonly fields?: string | undefined
}

/** Reads documents by id as they are now, also those that no search finds yet; missing ones are left out. */
export async function readSources(
  server: Server,
  { index, ids, fields }: Reading,
): Promise<ReadonlyMap<string, FoundSource>> {
  const found = new Map<string, FoundSource>()
  const what = `a read in ${index}`
  for (let at = 0; at < ids.length; at += MOST_IDS) {
    const { body } = await server.send({
      ...{ method: 'POST', path: `/${index}/_mget`, what },
      ...{ body: { ids: ids.slice(at, at + MOST_IDS) } },
      query: fields === undefined ? undefined : { _source_includes: fields },
    })
    for (const each of (body as { readonly docs: readonly Got[] }).docs) {
      if (each.found === true) found.set(each._id, each)
      const failure = failureOf(each)
      if (failure !== undefined)
        throw translateAnswer(what, failure.type === NO_INDEX ? 404 : 503, failure)
    }
  }
  return found
}

const NO_INDEX = 'index_not_found_exception'

interface Got extends FoundSource {
  readonly found?: boolean
}
