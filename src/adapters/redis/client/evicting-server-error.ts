import { EverfoldError } from '../../../errors.ts'

/** The server drops keys when its memory is full: documents would be gone, and nobody would know. */
export class EvictingServerError extends EverfoldError {
  readonly code = 'EVICTING_SERVER'
  readonly retryable = false
  /** Its `maxmemory-policy`. */
  readonly policy: string

  constructor(policy: string) {
    super(
      `The Redis server has maxmemory-policy '${policy}': when its memory is full, it drops keys of read models as those of a cache. Set it to 'noeviction' (or a 'volatile-' policy: read models have no keys that expire, but for markers of dropped builds), then start the runner again.`,
    )
    this.policy = policy
  }
}
