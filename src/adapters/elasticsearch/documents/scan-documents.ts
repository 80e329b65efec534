import type { DocumentWrite } from '../../../projections/read-model-storage.ts'
import type { Server } from '../server/server.ts'
import { decodeFound, keyOf, type FoundSource } from './document-source.ts'

const FIRST_PAGE_DOCUMENTS = 10
const MOST_PAGE_DOCUMENTS = 2000
const PAGE_CHARACTERS = 4 * 2 ** 20

/** A page may be so many times the one before. */
const GROWTH = 10

/** How long the server keeps the moment that is scanned, after each page. */
const KEEP_ALIVE = '5m'

interface Page {
  readonly pit_id: string
  readonly hits: { readonly hits: readonly (FoundSource & { readonly sort: readonly unknown[] })[] }
}

/** Reads all documents of an index as they were at one moment, in pages that fit in memory. */
export async function* scanDocuments<Document>(
  server: Server,
  index: string,
): AsyncGenerator<readonly DocumentWrite<Document>[]> {
  await server.send({
    ...{ method: 'POST', path: `/${index}/_refresh`, what: `a refresh of index ${index}` },
  })
  let id = await openMoment(server, index)
  try {
    let size = FIRST_PAGE_DOCUMENTS
    for (let after: readonly unknown[] | undefined; ;) {
      const { body } = await server.send({
        ...{ method: 'POST', path: '/_search', what: `a scan of index ${index}` },
        query: { allow_partial_search_results: false },
        body: {
          pit: { id, keep_alive: KEEP_ALIVE },
          query: { term: { 'everfold.deleted': false } },
          ...{ size, sort: [{ _shard_doc: 'asc' }], track_total_hits: false },
          ...(after && { search_after: after }),
        },
      })
      const page = body as Page
      id = page.pit_id
      const { hits } = page.hits
      if (hits.length === 0) return
      yield hits.map((hit) => ({ key: keyOf(hit), ...decodeFound<Document>(hit) }))
      after = hits.at(-1)?.sort
      size = nextSize(size, hits)
    }
  } finally {
    await server.send({
      ...{ method: 'DELETE', path: '/_pit', body: { id }, expected: [404] },
      what: `the end of a scan of index ${index}`,
    })
  }
}

async function openMoment(server: Server, index: string): Promise<string> {
  const { body } = await server.send({
    ...{ method: 'POST', path: `/${index}/_pit`, query: { keep_alive: KEEP_ALIVE } },
    what: `a scan of index ${index}`,
  })
  return (body as { readonly id: string }).id
}

function nextSize(size: number, hits: readonly FoundSource[]): number {
  const sample = hits.filter((_, place) => place % Math.ceil(hits.length / 10) === 0)
  const characters = Math.max(...sample.map((hit) => JSON.stringify(hit).length))
  const fitting = Math.floor(PAGE_CHARACTERS / characters)
  return Math.max(1, Math.min(MOST_PAGE_DOCUMENTS, size * GROWTH, fitting))
}
