import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EventStore } from '../event-store/event-store.ts'
import { checkPageSize } from '../event-store/page-size.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { warningLogger, type Logger } from './logger.ts'
import type { Registration } from './projection.ts'
import type { ProjectionStatus } from './projection-status.ts'
import { ProjectionTask, type TaskOptions } from './projection-task.ts'
import type { RebuildReport } from './rebuild.ts'
import { StopDeadlineError } from './stop-deadline-error.ts'

export interface ProjectionRunnerOptions {
  readonly store: EventStore
  /** Which projections to run, and into what: `project(projection).into(readModel)`. */
  readonly projections: readonly Registration[]
  /** Told what happens in the background. Default: warnings of the process (`process.on('warning', ...)`). */
  readonly logger?: Logger | undefined
  /** Most bytes of documents held in memory per projection. Default 64 MiB. */
  readonly cacheBytes?: number | undefined
  /** Events per page and commit, 1 to 10,000. Default 2000. */
  readonly pageSize?: number | undefined
}

type AnyTask = ProjectionTask<never, RecordedEvent>

/**
 * Folds the log into read models: every event exactly once, from their checkpoints, whatever crashes in between.
 *
 * One runner per read model: another one that starts takes over, and the first stops with a `LaneTakenError` without having written anything since.
 *
 * ```ts
 * const runner = new ProjectionRunner({ store, projections: [project(accountBalances).into(balances)] })
 * await runner.start()
 * await runner.stop()
 * ```
 */
export class ProjectionRunner {
  /** Names the runner as the owner of lanes. */
  readonly id: string = randomUUID()
  readonly #tasks: readonly AnyTask[]
  #stopping = stopSignal()
  #isStarted = false
  #lastTurn: Promise<unknown> = Promise.resolve()

  /** @throws {TypeError} two projections of one name, or two projections into one read model. */
  constructor(options: ProjectionRunnerOptions) {
    const {
      store,
      projections,
      logger = warningLogger,
      cacheBytes = 64 * 2 ** 20,
      pageSize,
    } = options
    if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 1)
      throw new RangeError(`cacheBytes is ${cacheBytes}. Use a whole number of bytes from 1.`)
    checkPageSize(pageSize)
    const taskOptions: TaskOptions = { store, owner: this.id, logger, cacheBytes, pageSize }
    this.#tasks = projections.map(({ use }) =>
      use(
        (projection, readModel) =>
          new ProjectionTask(projection, readModel, taskOptions) as unknown as AnyTask,
      ),
    )
    refuseDoubles(this.#tasks)
  }

  /**
   * Begins to follow the log, in the background. A projection whose version is above that of its live build is built anew beside it first.
   * What goes wrong from then on is in `status()` and the log; what is transient is tried again for ever.
   *
   * @throws {BuildMismatchError} a read model was built by another definition; nothing was started.
   */
  async start(): Promise<void> {
    await this.#inTurn(undefined, async (signal) => {
      this.#refuseStarted('start')
      for (const task of this.#tasks) {
        await task.open()
        signal.throwIfAborted()
      }
      this.#isStarted = true
      for (const task of this.#tasks) task.follow()
    })
  }

  /**
   * Folds the log up to where it ends now, and returns: for scripts, tests and scheduled functions.
   *
   * @throws the error of the projection that failed, an AggregateError of several; the others are caught up all the same.
   */
  async runUntilCaughtUp(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    await this.#inTurn(options.signal, async (signal) => {
      this.#refuseStarted('runUntilCaughtUp')
      throwFailures(await Promise.allSettled(this.#tasks.map((task) => task.catchUp(signal))))
      signal.throwIfAborted()
    })
  }

  /**
   * Builds a projection anew beside its live build, in each read model that it fills: folds the whole log, verifies the result against a fresh
   * fold, and makes readers see it. Works while the runner follows and when it does not; interrupted, the next call resumes it.
   *
   * Verification folds all documents in memory, and nothing new shows in the read model while it lasts. A runner of another process that follows
   * waits until it is over, and then follows into the new build.
   *
   * @returns a report per read model.
   * @throws {BuildVerificationError} the new build differs from a fresh fold: it was dropped, readers keep the live one.
   */
  async rebuild(
    name: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly RebuildReport[]> {
    const tasks = this.#tasks.filter(({ projection }) => projection.name === name)
    if (tasks.length === 0)
      throw new TypeError(
        `No projection is named '${name}'. This runner has ${this.#names().join(', ')}.`,
      )
    return this.#inTurn(options.signal, async (signal) => {
      const reports: RebuildReport[] = []
      for (const task of tasks) reports.push(await task.rebuild(signal))
      return reports
    })
  }

  /** How each projection is doing, in the order in which they were given. */
  async status(): Promise<readonly ProjectionStatus[]> {
    return Promise.all(this.#tasks.map((task) => task.status()))
  }

  /**
   * Finishes the pages in hand, moves the checkpoints and gives the lanes back. May be started again afterwards.
   *
   * @param options.deadlineMs how long it may take. Default 10,000.
   * @throws {StopDeadlineError} it took longer. Nothing is lost.
   */
  async stop({
    deadlineMs = 10_000,
  }: { readonly deadlineMs?: number | undefined } = {}): Promise<void> {
    this.#stopping.abort(new DOMException('The runner was stopped.', 'AbortError'))
    this.#stopping = stopSignal()
    const running = new Set(this.#tasks)
    const stopped = this.#inTurn(undefined, async () => {
      this.#isStarted = false
      await Promise.all(
        this.#tasks.map(async (task) => {
          await task.stop()
          running.delete(task)
        }),
      )
    })
    const timer = new AbortController()
    await Promise.race([
      stopped,
      sleep(deadlineMs, undefined, { signal: timer.signal }).catch(() => undefined),
    ])
    timer.abort()
    if (running.size > 0)
      throw new StopDeadlineError(
        [...running].map(({ projection }) => projection.name),
        deadlineMs,
      )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** One call after the other; a stop aborts those before it, also those that have not begun. */
  async #inTurn<Result>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const stopping = this.#stopping.signal
    const either = signal === undefined ? stopping : AbortSignal.any([signal, stopping])
    const turn = this.#lastTurn.then(async () => {
      either.throwIfAborted()
      return work(either)
    })
    this.#lastTurn = turn.catch(() => undefined)
    return turn
  }

  #names(): readonly string[] {
    return this.#tasks.map(({ projection }) => `'${projection.name}'`)
  }

  #refuseStarted(call: string): void {
    if (this.#isStarted)
      throw new TypeError(
        `${call}() on a runner that runs already. Stop it first; to wait for a position use readModel.waitFor(position).`,
      )
  }
}

/** Every projection listens to it: more than the ten at which Node suspects a leak. */
function stopSignal(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

function refuseDoubles(tasks: readonly AnyTask[]): void {
  for (const [index, task] of tasks.entries())
    for (const other of tasks.slice(0, index)) {
      const { name } = task.projection
      if (task.projection !== other.projection && name === other.projection.name)
        throw new TypeError(`Two projections are named '${name}'. Give each a name of its own.`)
      if (task.storage.sink === other.storage.sink && task.storage.name === other.storage.name)
        throw new TypeError(
          `Two projections fill read model '${task.storage.name}': '${other.projection.name}' and '${name}'. Give each a read model of its own.`,
        )
    }
}

function throwFailures(ended: readonly PromiseSettledResult<void>[]): void {
  const errors = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []))
  if (errors.length === 1) throw errors[0] as Error
  if (errors.length > 1) throw new AggregateError(errors, 'Several projections failed.')
}
