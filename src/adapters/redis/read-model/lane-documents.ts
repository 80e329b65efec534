import { globalPosition } from '../../../event-store/global-position.ts'
import type { DocumentWrite } from '../../../projections/read-model-storage.ts'
import { LOAD, READ_KEYS } from '../scripts/read.ts'
import type { StoredLane } from './stored-lane.ts'

/** How much one reply holds, about: a script keeps all other clients waiting, and its reply is in memory whole. */
const REPLY_DOCUMENTS = '1000'
const REPLY_BYTES = String(4 * 2 ** 20)

/** Reads documents of one lane by their keys, in pages. Keys without one are missing. */
export async function* readDocuments<Document>(
  lane: StoredLane,
  keys: readonly string[],
): AsyncGenerator<readonly DocumentWrite<Document>[]> {
  for (let done = 0; done < keys.length;) {
    const asked = keys.slice(done, done + Number(REPLY_DOCUMENTS))
    const names = asked.map((key) => lane.keys.document(key))
    const reply = (await lane.run(LOAD, names, [REPLY_BYTES])) as readonly (string | null)[]
    const page: DocumentWrite<Document>[] = []
    for (let index = 0; index < reply.length; index += 2) {
      const [json, position] = [reply[index], reply[index + 1]]
      const key = asked[index / 2]
      if (typeof json === 'string' && typeof position === 'string' && key !== undefined)
        page.push({
          key,
          document: JSON.parse(json) as Document,
          position: globalPosition(position),
        })
    }
    yield page
    done += reply.length / 2
  }
}

/** Reads all documents of a lane in pages, in the order of the bytes of their keys: each once, whatever is written meanwhile. */
export async function* scanDocuments<Document>(
  lane: StoredLane,
): AsyncGenerator<readonly DocumentWrite<Document>[]> {
  for (let from = '-'; ;) {
    const args = [from, REPLY_DOCUMENTS]
    const keys = (await lane.run(READ_KEYS, [lane.keys.keys], args)) as readonly string[]
    const last = keys.at(-1)
    if (last === undefined) return
    for await (const page of readDocuments<Document>(lane, keys)) if (page.length > 0) yield page
    from = `(${last}`
  }
}
