import { setTimeout as sleep } from 'node:timers/promises'
import type { Member } from '../../../projections/read-model-storage.ts'
import { ElasticsearchUnavailableError } from '../server/elasticsearch-unavailable-error.ts'
import type { RecordIndex } from './record-index.ts'

const ID = 'members'

/** A runner that died without leaving is forgotten after so long: one that lives writes its record every few seconds. */
const FORGOTTEN_MS = 24 * 60 * 60 * 1000

const TRIES = 50

interface StoredMember extends Member {
  /** By the clock of its runner, in milliseconds. */
  readonly beatAt: number
}

/** The runners of a read model, in one record: a search would not see the last beats. */
export class MemberRecords {
  readonly #records: RecordIndex

  constructor(records: RecordIndex) {
    this.#records = records
  }

  /** @returns all of them. */
  async beat(member: Member): Promise<readonly Member[]> {
    const beatAt = Date.now()
    const members = await this.#change((before) => [
      ...before.filter(
        (each) => each.runner !== member.runner && each.beatAt > beatAt - FORGOTTEN_MS,
      ),
      { ...member, beatAt },
    ])
    return members.map(({ runner, revision, leaseMs, version, fingerprint }) => ({
      ...{ runner, revision, leaseMs, version, fingerprint },
    }))
  }

  async leave(runner: string): Promise<void> {
    await this.#change((before) => {
      const others = before.filter((each) => each.runner !== runner)
      return others.length < before.length ? others : before
    })
  }

  async #change(
    change: (before: readonly StoredMember[]) => readonly StoredMember[],
  ): Promise<readonly StoredMember[]> {
    for (let tries = 0; tries < TRIES; tries++) {
      const stored = await this.#records.readOne(ID)
      const before = (stored?.source.record ?? []) as readonly StoredMember[]
      const next = change(before)
      if (next === before) return before
      const source = { kind: 'members', record: next } as const
      const isWritten =
        stored === undefined
          ? await this.#records.create(ID, source)
          : (await this.#records.replace(ID, stored, source)) !== undefined
      if (isWritten) return next
      await sleep(Math.random() * 5 * tries)
    }
    throw new ElasticsearchUnavailableError(
      `a write of the members in ${this.#records.names.records}: others wrote them each time`,
    )
  }
}
