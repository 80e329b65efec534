import type { BuildsRecord } from './build.ts'

/** For how long a record that was read is good enough for readers, in milliseconds: a switch by another process is seen so much later. */
const KEPT_MS = 100

/** The builds record as it was read last: a reader need not ask twice for each document. */
export class KeptBuilds {
  readonly #read: () => Promise<BuildsRecord | undefined>
  #kept:
    { readonly builds: Promise<BuildsRecord | undefined>; readonly untilMs: number } | undefined

  constructor(read: () => Promise<BuildsRecord | undefined>) {
    this.#read = read
  }

  /** As it was within the last moment. */
  async recent(): Promise<BuildsRecord | undefined> {
    if (this.#kept !== undefined && performance.now() < this.#kept.untilMs) return this.#kept.builds
    return this.now()
  }

  /** As it is. */
  async now(): Promise<BuildsRecord | undefined> {
    const kept = { builds: this.#read(), untilMs: performance.now() + KEPT_MS }
    this.#kept = kept
    try {
      return await kept.builds
    } catch (error) {
      if (this.#kept === kept) this.#kept = undefined
      throw error
    }
  }

  /** What this process changes its readers see at once. */
  forget(): void {
    this.#kept = undefined
  }
}
