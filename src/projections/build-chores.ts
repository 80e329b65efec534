import { EverfoldError } from '../errors.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { dropLeftOvers } from './builds/build-succession.ts'
import type { Build, BuildsRecord } from './builds/build.ts'
import type { ProjectionContext } from './projection-context.ts'
import type { TaskProgress } from './task-progress.ts'

/** What a runner sees to once per build and process, beside moving its lanes. */
export class BuildChores<Document, Event extends RecordedEvent> {
  readonly #context: ProjectionContext<Document, Event>
  readonly #progress: TaskProgress
  readonly #prepared = new Set<number>()
  readonly #finishing = new Map<number, Promise<void>>()
  /** Number of the build that readers from outside were shown last. */
  #shown: number | undefined

  constructor(context: ProjectionContext<Document, Event>, progress: TaskProgress) {
    this.#context = context
    this.#progress = progress
  }

  /** Makes the storage of a build. Only for code that makes this build: it knows the columns. */
  async prepare(build: Build): Promise<void> {
    if (this.#prepared.has(build.number)) return
    await this.#context.storage.prepare(build)
    this.#prepared.add(build.number)
  }

  /** Makes what only readers need; not needed to go on. */
  async finish(build: Build): Promise<void> {
    const finishing = this.#finishing.get(build.number) ?? this.#context.storage.finish(build)
    this.#finishing.set(build.number, finishing)
    try {
      await finishing
    } catch (error) {
      if (EverfoldError.is(error) && error.retryable) this.#finishing.delete(build.number)
      throw error
    }
  }

  /** Makes readers from outside see the live build. That a long reader keeps its view from being replaced must not keep it from being filled. */
  async show(live: Build): Promise<void> {
    if (this.#shown === live.number) return
    try {
      await this.#context.storage.publish(live)
      this.#shown = live.number
    } catch (error) {
      this.#progress.isNotShown(error)
    }
  }

  /** Drops the builds that are not needed any more. That somebody reads one of them must not keep the others from being filled. */
  async drop({ dropping }: BuildsRecord): Promise<void> {
    if (dropping.length === 0) return
    try {
      await dropLeftOvers(this.#context.storage)
    } catch (error) {
      this.#progress.isNotDropped(error)
    }
  }

  /** Settles when nothing of it is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#finishing.values())
  }
}
