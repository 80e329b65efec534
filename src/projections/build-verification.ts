import { createHash } from 'node:crypto'
import type { Build } from './build.ts'
import type { DocumentAt, ReadModelStorage } from './read-model-storage.ts'

/** A document that is not what it should be; undefined: there is none. */
export interface Difference {
  readonly key: string
  readonly expected: unknown
  readonly found: unknown
}

export interface BuildExamination {
  /** How many documents the build holds. */
  readonly documents: number
  /** Digest of all keys, positions and documents, whatever their order: 32 hexadecimal digits. */
  readonly digest: string
  readonly isIdentical: boolean
  /** Up to ten of the documents that differ. */
  readonly differences: readonly Difference[]
}

const SAMPLE_SIZE = 10

/** Compares every document of a build, and its position, with what it should hold. */
export async function examineBuild<Document>(
  storage: ReadModelStorage<Document>,
  build: Build,
  expected: ReadonlyMap<string, DocumentAt<Document>>,
): Promise<BuildExamination> {
  const differences: Difference[] = []
  const missing = new Set(expected.keys())
  const digest = new ContentDigest()
  let documents = 0
  for await (const page of storage.scan(build))
    for (const { key, document, position } of page) {
      documents++
      missing.delete(key)
      const found = digest.add(key, { document, position })
      const wanted = expected.get(key)
      if (wanted === undefined || found !== canonical(key, wanted))
        differences.push({ key, expected: wanted?.document, found: document })
      differences.splice(SAMPLE_SIZE)
    }
  for (const key of missing)
    differences.push({ key, expected: expected.get(key)?.document, found: undefined })
  return {
    documents,
    digest: digest.toString(),
    isIdentical: differences.length === 0,
    differences: differences.slice(0, SAMPLE_SIZE),
  }
}

/** The sum of the hashes of all documents, modulo 2^128: the same whatever their order. */
class ContentDigest {
  #sum = 0n

  add(key: string, at: DocumentAt<unknown>): string {
    const text = canonical(key, at)
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 32)
    this.#sum = BigInt.asUintN(128, this.#sum + BigInt(`0x${hash}`))
    return text
  }

  toString(): string {
    return this.#sum.toString(16).padStart(32, '0')
  }
}

/** Sinks need not keep the order of members. */
function canonical(key: string, { document, position }: DocumentAt<unknown>): string {
  const sorted = (_name: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)),
        )
      : value
  return `${position} ${JSON.stringify(key)} ${JSON.stringify(document, sorted)}`
}
