import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { prune, setPaused } from './builds/build-succession.ts'
import type { Build } from './builds/build.ts'
import { RebuildConflictError } from './builds/rebuild-conflict-error.ts'
import type { RebuildReport } from './builds/rebuild.ts'
import { switchBuild, type SwitchChoice, type SwitchReport } from './builds/switch-build.ts'
import { verify, type VerificationReport } from './builds/verify.ts'
import { DiscardRefusedError } from './discard-refused-error.ts'
import { clearStalls } from './lanes/clear-stalls.ts'
import { buildsOfVersion, parkedEntries, requestParked, type ParkedEntry } from './parked-keys.ts'
import type { ProjectionTask } from './projection-task.ts'
import type { Discard } from './read-model-storage.ts'

/** What ends a call early. */
export interface Interruptible {
  readonly signal?: AbortSignal | undefined
}

export interface SwitchingOptions extends Interruptible {
  /** Also to a build that lacks documents. Default false. */
  readonly force?: boolean | undefined
}

export type AnyTask = ProjectionTask<never, RecordedEvent>

/** What can be asked of projections, whether their runner follows the log or not. */
export abstract class ProjectionOperations {
  /** @internal */
  protected readonly tasks: readonly AnyTask[]
  #lastTurn: Promise<unknown> = Promise.resolve()

  /** @internal */
  protected constructor(tasks: readonly AnyTask[]) {
    this.tasks = tasks
  }

  /** Aborted when the runner is stopped. */
  protected abstract get stopped(): AbortSignal

  /**
   * Builds a projection anew beside its live build, in each read model that it fills: folds the whole log, verifies the result against a fresh
   * fold, and makes readers see it. Works while runners follow and when they do not; interrupted, the next call resumes it.
   *
   * Verification folds all documents in memory; tables of an SQL projection cannot be verified, and the report says so. The build from before is kept, and fed, until `prune`.
   *
   * @returns a report per read model.
   * @throws {BuildVerificationError} the new build differs from a fresh fold: it was dropped, readers keep the live one.
   * @throws {RebuildConflictError} another runner rebuilds it at the moment, or a higher version of it.
   * @throws {SwitchRefusedError} keys of the new build are parked.
   */
  async rebuild(name: string, { signal }: Interruptible = {}): Promise<readonly RebuildReport[]> {
    return this.#withEach(name, signal, async (task, either) => {
      const report = await task.rebuild(either)
      if (report !== undefined) return report
      const { newest } = await task.open(either)
      throw new RebuildConflictError(task.context.storage.name, newest)
    })
  }

  /**
   * Makes readers see the new build, where the switch is manual.
   *
   * @throws {SwitchRefusedError} there is none, or keys of it are parked or lanes stopped, unless `force` is set.
   */
  async switchReaders(
    name: string,
    { signal, force = false }: SwitchingOptions = {},
  ): Promise<readonly SwitchReport[]> {
    return this.#switch(name, signal, { to: 'building', isForced: force })
  }

  /**
   * Makes readers see the build from before again, once it has caught up. Its version is then not built again by itself. Called again it makes readers see
   * the newer one.
   *
   * @throws {SwitchRefusedError} there is none, or no runner moves it, unless `force` is set: readers then go back in time.
   */
  async rollback(
    name: string,
    { signal, force = false }: SwitchingOptions = {},
  ): Promise<readonly SwitchReport[]> {
    return this.#switch(name, signal, { to: 'previous', isForced: force })
  }

  /** Drops the builds from before; gives them. */
  async prune(name: string): Promise<readonly Build[]> {
    const pruned = await this.#withEach(name, undefined, (task) => prune(task.context.storage))
    return pruned.filter((build) => build !== undefined)
  }

  /**
   * Compares the live build with a fresh fold of the log in memory, while it goes on.
   *
   * @throws {TypeError} it is a reaction or an SQL projection: there is nothing to compare.
   */
  async verify(
    name: string,
    { signal }: Interruptible = {},
  ): Promise<readonly VerificationReport[]> {
    return this.#withEach(name, signal, (task, either) => verify(task.context, either))
  }

  /**
   * Keeps all runners from moving a projection, until `resume`; also those that start later. Resolves before the others have seen it; a `runUntilCaughtUp` under
   * way goes on to its end.
   */
  async pause(name: string): Promise<void> {
    await this.#withEach(name, undefined, (task) => setPaused(task.context.storage, true))
  }

  /** Ends a pause; lanes that have stopped are tried again. */
  async resume(name: string): Promise<void> {
    await this.#withEach(name, undefined, async ({ context: { storage }, progress }) => {
      await clearStalls(storage)
      await setPaused(storage, false)
      progress.resumes()
    })
  }

  /** The parked events of a projection in the order of their positions per key, of all keys or one, with those that were given up. */
  async *parked(
    name: string,
    { key }: { readonly key?: string } = {},
  ): AsyncGenerator<ParkedEntry> {
    for (const { context } of this.#tasksOf(name))
      yield* parkedEntries(
        context.storage,
        await buildsOfVersion(context.storage, context.projection.version),
        key,
      )
  }

  /**
   * Asks for the parked events of a key to be folded, in order, until one fails. A runner that has the key's lane does it; the key is parked until then.
   *
   * @throws {TypeError} the key is not parked.
   */
  async retryParked(name: string, key: string): Promise<void> {
    await this.#request(name, key, undefined)
  }

  /**
   * Gives up the first parked event of a key: it is kept with the reason, and never folded in this build. Those behind it are folded as by `retryParked`.
   *
   * May be repeated: an event that was given up stays so, and no other one is. Where another request is answered first, and makes another event the first
   * one, nothing is given up.
   *
   * @param discard.position of the event, as `parked()` tells it.
   * @throws {DiscardRefusedError} in one of the builds, or read models, another event of the key is the first one parked. Where this one is, it is given up all the same:
   * repeat the call when the other one is dealt with.
   * @throws {TypeError} the key is not parked, or the reason is empty.
   */
  async discardParked(name: string, key: string, discard: Discard): Promise<void> {
    const { reason } = discard
    if (reason.trim() === '')
      throw new TypeError(
        'discardParked() needs a reason: it is kept with the event that is given up.',
      )
    await this.#request(name, key, discard)
  }

  async #switch(
    name: string,
    signal: AbortSignal | undefined,
    choice: SwitchChoice,
  ): Promise<readonly SwitchReport[]> {
    return this.#withEach(name, signal, (task, either) =>
      switchBuild(task.context, task.switching(either), choice),
    )
  }

  async #request(name: string, key: string, discard: Discard | undefined): Promise<void> {
    const outcomes = await this.#withEach(name, undefined, async ({ context }) => {
      const { storage, projection } = context
      const builds = await buildsOfVersion(storage, projection.version)
      return requestParked(storage, builds, { key, discard })
    })
    const { position } = discard ?? {}
    const other = outcomes.flat().find((outcome) => typeof outcome === 'object')
    if (position !== undefined && other !== undefined)
      throw new DiscardRefusedError({ projection: name, key, position, first: other.first })
    if (outcomes.flat().includes('asked')) return
    throw new TypeError(
      `Key '${key}' of projection '${name}' is not parked. See parked('${name}').`,
    )
  }

  /** Does something to each read model that a projection fills, one after the other; one call after the other, too. */
  async #withEach<Result>(
    name: string,
    signal: AbortSignal | undefined,
    work: (task: AnyTask, signal: AbortSignal) => Promise<Result>,
  ): Promise<readonly Result[]> {
    const tasks = this.#tasksOf(name)
    const either = signal === undefined ? this.stopped : AbortSignal.any([signal, this.stopped])
    const turn = this.#lastTurn.then(async () => {
      const results: Result[] = []
      for (const task of tasks) {
        either.throwIfAborted()
        results.push(await work(task, either))
      }
      return results
    })
    this.#lastTurn = turn.catch(() => undefined)
    return turn
  }

  #tasksOf(name: string): readonly AnyTask[] {
    const tasks = this.tasks.filter(({ context }) => context.projection.name === name)
    const names = this.tasks.map(({ context }) => `'${context.projection.name}'`)
    if (tasks.length === 0)
      throw new TypeError(`No projection is named '${name}'. This runner has ${names.join(', ')}.`)
    return tasks
  }
}
