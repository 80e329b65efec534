import calculateSlot from 'cluster-key-slot'
import type { Build } from '../../../projections/builds/build.ts'

/**
 * The names of all keys of a read model.
 *
 * | key | type | holds |
 * | --- | --- | --- |
 * | `<prefix>:builds` | hash | `live`: number of the build that readers see; `lanes`: how many lanes it has; `record`, `revision` |
 * | `<prefix>:members` | hash | a runner's record under its id |
 * | `{<prefix>:b<number>:<lane>}:lane` | hash | how far the lane is, and who moves it |
 * | `…:d:<key>` | hash | `document`: JSON; `position`: of the last event in it; a field per set, with the members it is in |
 * | `…:keys` | sorted set | the keys of all documents, scored 0 |
 * | `…:z:<name>` | sorted set | the keys of documents by their score |
 * | `…:s:<name>:<member>` | set | the keys of the documents that have the member |
 * | `…:parked`, `…:parked:events`, `…:parked:discarded` | sorted set, hashes | what was set aside |
 *
 * What a lane commits lies in one slot of a cluster, by the part in braces. Names carry the number of the build, and are never used twice.
 */
export class KeyLayout {
  readonly prefix: string
  readonly #lanes = new Map<string, LaneKeys>()

  /** @throws {TypeError} the prefix is empty or has braces, which would decide about slots. */
  constructor(prefix: string) {
    if (prefix === '' || /[{}]/.test(prefix) || !prefix.isWellFormed())
      throw new TypeError(
        `The prefix is ${JSON.stringify(prefix)}. Use a text without braces, e.g. 'balances'.`,
      )
    this.prefix = prefix
  }

  get builds(): string {
    return `${this.prefix}:builds`
  }

  get members(): string {
    return `${this.prefix}:members`
  }

  lane({ number }: Build, lane: number): LaneKeys {
    const tag = `{${this.prefix}:b${number}:${lane}}`
    const keys = this.#lanes.get(tag) ?? new LaneKeys(tag)
    this.#lanes.set(tag, keys)
    return keys
  }

  /** All records of a build, also the one without keys. */
  lanes(build: Build): readonly LaneKeys[] {
    return Array.from({ length: build.lanes + 1 }, (_, lane) => this.lane(build, lane))
  }
}

/** The names of the keys of one lane. */
export class LaneKeys {
  readonly lane: string
  readonly keys: string
  readonly parked: string
  readonly parkedEvents: string
  readonly parkedDiscarded: string
  readonly documents: string
  readonly #tag: string

  constructor(tag: string) {
    this.#tag = tag
    this.lane = `${tag}:lane`
    this.keys = `${tag}:keys`
    this.parked = `${tag}:parked`
    this.parkedEvents = `${tag}:parked:events`
    this.parkedDiscarded = `${tag}:parked:discarded`
    this.documents = `${tag}:d:`
    assertOneSlot([this.lane, this.keys, this.parked, this.document('}:{'), this.members('s', '{')])
  }

  document(key: string): string {
    return `${this.documents}${key}`
  }

  sortedSet(name: string): string {
    return `${this.#tag}:z:${name}`
  }

  /** What the key of a member of a set begins with. */
  set(name: string): string {
    return `${this.#tag}:s:${name}:`
  }

  members(name: string, member: string): string {
    return `${this.set(name)}${member}`
  }
}

/** A script that meets a key of another slot has written some keys already. */
function assertOneSlot(keys: readonly string[]): void {
  const slots = new Set(keys.map((key) => calculateSlot(key)))
  if (slots.size > 1) throw new TypeError(`${keys.join(', ')} lie in ${slots.size} slots.`)
}
