import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { throwFailures } from './lanes/catch-up.ts'
import { warningLogger } from './logger.ts'
import { makeTasks } from './make-tasks.ts'
import { ProjectionOperations, type Interruptible } from './projection-operations.ts'
import { readStatus, type ProjectionStatus } from './projection-status.ts'
import type { ProjectionRunnerOptions } from './runner-options.ts'
import { RunnerListeners, type RunnerEvents, type RunnerListener } from './runner-events.ts'
import { StopDeadlineError } from './stop-deadline-error.ts'

/**
 * Folds the log into read models: every event exactly once, from their checkpoints, whatever crashes in between.
 *
 * Any number of runners, in any number of processes, share the lanes of a read model evenly, with no coordinator but its sink. Lanes of one that died are
 * taken by others after its lease.
 *
 * ```ts
 * const runner = new ProjectionRunner({ store, projections: [project(accountBalances).into(balances)] })
 * await runner.start()
 * await runner.stop()
 * ```
 */
export class ProjectionRunner extends ProjectionOperations {
  /** Names the runner as the owner of lanes. */
  readonly id: string
  readonly #listeners: RunnerListeners
  #stopping = stopSignal()
  #isStarted = false
  #lastTurn: Promise<unknown> = Promise.resolve()

  /** @throws {TypeError | RangeError} two projections of one name, two projections into one read model, an option out of its range. */
  constructor(options: ProjectionRunnerOptions) {
    const id = randomUUID()
    const listeners = new RunnerListeners(options.logger ?? warningLogger)
    super(makeTasks(options, { runner: id, listeners }))
    this.id = id
    this.#listeners = listeners
  }

  protected override get stopped(): AbortSignal {
    return this.#stopping.signal
  }

  /**
   * Begins to follow the log, in the background. A projection whose version is above that of its live build is built anew beside it meanwhile.
   * What goes wrong from then on is in `status()`, `on('error')` and the log; what is transient is tried again for ever.
   *
   * @throws {BuildMismatchError} a read model was built by another definition; nothing was started.
   */
  async start(): Promise<void> {
    await this.#inTurn(undefined, async (signal) => {
      this.#refuseStarted('start')
      for (const task of this.tasks) {
        await task.open(signal)
        signal.throwIfAborted()
      }
      this.#isStarted = true
      for (const task of this.tasks) task.follow()
    })
  }

  /**
   * Folds the log up to where it ends now, together with other runners, and returns: for scripts, tests and scheduled functions. After a sixth of its
   * lease it shares the lanes evenly with others. Lanes of a runner that crashed are outwaited for its lease.
   *
   * @throws {ProjectionPausedError} a projection is paused.
   * @throws the error of the projection that failed, an AggregateError of several; the others are caught up all the same.
   */
  async runUntilCaughtUp({ signal }: Interruptible = {}): Promise<void> {
    await this.#inTurn(signal, async (either) => {
      this.#refuseStarted('runUntilCaughtUp')
      const ended = await Promise.allSettled(this.tasks.map((task) => task.catchUp(either)))
      throwFailures(
        ended.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : [])),
      )
      either.throwIfAborted()
    })
  }

  /** How each projection is doing, in the order in which they were given. */
  async status(): Promise<readonly ProjectionStatus[]> {
    return Promise.all(this.tasks.map(({ context, progress }) => readStatus(context, progress)))
  }

  /**
   * Calls `listener` when something happens in the background, until the function given back is called. What a listener throws, or rejects with, is
   * told to the logger as an error; the runner goes on.
   */
  on<Name extends keyof RunnerEvents>(name: Name, listener: RunnerListener<Name>): () => void {
    return this.#listeners.on(name, listener)
  }

  /**
   * Finishes the pages in hand, moves the checkpoints and gives the lanes back: other runners take them at once. May be started again afterwards.
   *
   * @param options.deadlineMs how long it may take. Default 10,000.
   * @throws {StopDeadlineError} it took longer. Nothing is lost.
   */
  async stop({
    deadlineMs = 10_000,
  }: { readonly deadlineMs?: number | undefined } = {}): Promise<void> {
    this.#stopping.abort(new DOMException('The runner was stopped.', 'AbortError'))
    this.#stopping = stopSignal()
    const running = new Set(this.tasks)
    const stopped = this.#inTurn(undefined, async () => {
      this.#isStarted = false
      await Promise.all(
        this.tasks.map(async (task) => {
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
        [...running].map(({ context }) => context.projection.name),
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
