import { IndexRefusedError } from './index-refused-error.ts'

/** Says by which score a document stands in a sorted set; null: it does not. */
export type ScoreOf<Document> = (document: Document) => number | null

/** Says of which members of a set a document is one, e.g. its owner: documents are found by each of them. */
export type MembersOf<Document> = (document: Document) => readonly string[]

export interface IndexDefinitions<Document> {
  readonly sortedSets: Readonly<Record<string, ScoreOf<Document>>>
  readonly sets: Readonly<Record<string, MembersOf<Document>>>
}

/** The sorted sets and sets that are kept with the documents. */
export class DocumentIndexes<Document> {
  readonly sortedSets: readonly string[]
  readonly sets: readonly string[]
  readonly #scores: readonly ScoreOf<Document>[]
  readonly #members: readonly MembersOf<Document>[]

  /** @throws {TypeError} a name that no index can have. */
  constructor({ sortedSets, sets }: IndexDefinitions<Document>) {
    this.sortedSets = Object.keys(sortedSets)
    this.sets = Object.keys(sets)
    this.#scores = Object.values(sortedSets)
    this.#members = Object.values(sets)
    const wrong = [...this.sortedSets, ...this.sets].find((name) => !/^\w+$/.test(name))
    if (wrong !== undefined)
      throw new TypeError(
        `An index is named ${JSON.stringify(wrong)}. Use letters, digits and '_' only.`,
      )
  }

  /** Says which indexes there are, as JSON: the same text, the same keys. */
  get description(): string {
    const [sortedSets, sets] = [this.sortedSets.toSorted(), this.sets.toSorted()]
    return JSON.stringify({ sortedSets, sets })
  }

  /**
   * A score per sorted set, '' where the document is not in it; then a list of members per set, as JSON.
   *
   * @throws {IndexRefusedError} a score is no number, or a member no text.
   */
  entriesOf(key: string, document: Document): readonly string[] {
    const scores = this.#scores.map((scoreOf, index) => {
      const score: unknown = scoreOf(document)
      if (score === null) return ''
      if (typeof score === 'number' && !Number.isNaN(score)) return String(score)
      throw new IndexRefusedError({ key, index: this.sortedSets[index] ?? '', value: score })
    })
    const members = this.#members.map((membersOf, index) => {
      const found = new Set<string>()
      for (const member of membersOf(document) as readonly unknown[]) {
        if (typeof member !== 'string' || !member.isWellFormed())
          throw new IndexRefusedError({ key, index: this.sets[index] ?? '', value: member })
        found.add(member)
      }
      return JSON.stringify([...found].toSorted())
    })
    return [...scores, ...members]
  }
}
