import { LRUCache } from 'lru-cache'
import type { DocumentAt } from '../read-model-storage.ts'

/** A held document with its approximate size in characters of JSON. */
export interface SizedDocument<Document> extends DocumentAt<Document> {
  readonly size: number
}

/** What an entry costs beside its document and key, in bytes (measured: about 250 with small documents). */
const ENTRY_BYTES = 250

/** Documents of one lease, bounded in bytes: what the sink would answer for their keys, without asking it. */
export class DocumentCache<Document> {
  readonly #documents: LRUCache<string, SizedDocument<Document>>
  #isComplete: boolean

  /** @param options.isComplete the lane begins without a checkpoint: what is not held does not exist. */
  constructor(options: { readonly maxBytes: number; readonly isComplete: boolean }) {
    this.#isComplete = options.isComplete
    this.#documents = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: ({ size }, key) => ENTRY_BYTES + 2 * (key.length + size),
      dispose: (_document, _key, reason) => {
        if (reason === 'evict') this.#isComplete = false
      },
    })
  }

  /** True until the first eviction in a lane that began without a checkpoint: keys that are not held need no load. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  get(key: string): SizedDocument<Document> | undefined {
    return this.#documents.get(key)
  }

  set(key: string, document: SizedDocument<Document>): void {
    this.#documents.set(key, document)
    if (!this.#documents.has(key)) this.#isComplete = false // larger than the whole cache
  }
}
