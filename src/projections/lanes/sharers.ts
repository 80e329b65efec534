import type { Build } from '../builds/build.ts'
import type { Member, ReadModelStorage } from '../read-model-storage.ts'
import { makersOf, Membership } from './membership.ts'

/** How often a runner that catches up looks who else is there, in a lease. */
const LOOKS_PER_LEASE = 6

/**
 * The runners that share the lanes of a build with one that catches up, as it sees them.
 *
 * It becomes a member once it has been at it for a while: what is done sooner is not worth a handover.
 */
export class Sharers<Document> {
  readonly #membership: Membership<Document>
  readonly #build: Build
  readonly #self: Member
  #members: readonly Member[]
  #lookedAt = performance.now()
  #hadLanesAt = performance.now()
  #isAlone = false
  /** It has become one, or tried to. */
  #isMember = false

  constructor(storage: ReadModelStorage<Document>, build: Build, self: Omit<Member, 'revision'>) {
    this.#membership = new Membership(storage, self)
    this.#build = build
    this.#self = { ...self, revision: '' }
    this.#members = [this.#self]
  }

  /** Those who are there. Itself alone, from then on, when it has had no lane for a lease: it must not wait for a member that moves nothing. */
  async look({ hasLanes }: { readonly hasLanes: boolean }): Promise<readonly Member[]> {
    const { leaseMs } = this.#self
    const now = performance.now()
    if (hasLanes) this.#hadLanesAt = now
    this.#isAlone ||= now - this.#hadLanesAt > leaseMs
    if (this.#isAlone) return [this.#self]
    if (now - this.#lookedAt < leaseMs / LOOKS_PER_LEASE) return this.#members
    this.#lookedAt = now
    this.#isMember = true
    this.#members = makersOf(await this.#membership.beat(), this.#build)
    return this.#members
  }

  /** Is no member any more. */
  async leave(): Promise<void> {
    if (this.#isMember) await this.#membership.leave().catch(() => undefined) // others find out by the missing beats
  }
}
