/** Tells by one monotonic clock, that of this process, for how long each of several records has shown the same revision. */
export class Sightings {
  readonly #seen = new Map<string | number, { readonly revision: string; readonly since: number }>()

  /** Milliseconds since the record was first seen with this revision; 0: just now. */
  unchangedMs(id: string | number, revision: string): number {
    const now = performance.now()
    const seen = this.#seen.get(id)
    if (seen?.revision === revision) return now - seen.since
    this.#seen.set(id, { revision, since: now })
    return 0
  }

  forget(id: string | number): void {
    this.#seen.delete(id)
  }
}
