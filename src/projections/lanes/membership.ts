import { randomUUID } from 'node:crypto'
import type { Build } from '../builds/build.ts'
import type { Member, ReadModelStorage } from '../read-model-storage.ts'
import { Sightings } from './sightings.ts'

/** After so many leases without a beat a runner's record is removed by others. */
const REMOVED_AFTER_LEASES = 10

/** A runner among those that run a projection into one read model. */
export class Membership<Document> {
  readonly #storage: ReadModelStorage<Document>
  readonly #self: Omit<Member, 'revision'>
  readonly #sightings = new Sightings()

  constructor(storage: ReadModelStorage<Document>, self: Omit<Member, 'revision'>) {
    this.#storage = storage
    this.#self = self
  }

  /** Shows that this runner is there, and gives all that are: those whose beats were not missing for longer than their lease. */
  async beat(): Promise<readonly Member[]> {
    const members = await this.#storage.beat({ ...this.#self, revision: randomUUID() })
    const present: Member[] = []
    for (const member of members) {
      const { runner, revision, leaseMs } = member
      const silentMs = this.#sightings.unchangedMs(runner, revision)
      if (runner === this.#self.runner || silentMs <= leaseMs) present.push(member)
      else if (silentMs > leaseMs * REMOVED_AFTER_LEASES) {
        this.#sightings.forget(runner)
        await this.#storage.leave(runner)
      }
    }
    return present
  }

  async leave(): Promise<void> {
    await this.#storage.leave(this.#self.runner)
  }
}

/** Those of the runners whose code makes a build. */
export function makersOf(
  members: readonly Member[],
  { version, fingerprint }: Build,
): readonly Member[] {
  return members.filter(
    (member) => member.version === version && member.fingerprint === fingerprint,
  )
}
