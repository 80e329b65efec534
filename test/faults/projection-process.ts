import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerReport, WorkerSettings, WorkerTask } from './projection-worker.ts'

/** A process with a runner of its own. */
export class ProjectionProcess implements AsyncDisposable {
  /** Lanes that its runner told to have lost. */
  readonly lost: number[] = []
  /** Resolves when the process is gone. */
  readonly exited: Promise<unknown>
  readonly #process: ChildProcess
  #runner = ''
  #failure: Error | undefined

  private constructor(process: ChildProcess) {
    this.#process = process
    this.exited = once(process, 'exit')
    process.on('message', (report: WorkerReport) => {
      if (report.kind === 'leaseLost') this.lost.push(report.lane)
      if (report.kind === 'opened') this.#runner = report.runner
      if (report.kind === 'failure') this.#failure ??= new Error(report.message)
    })
  }

  /** Resolves when the process runs. */
  static async fork(): Promise<ProjectionProcess> {
    const process = new ProjectionProcess(
      fork(new URL('projection-worker.ts', import.meta.url), { execArgv: ['--import', 'tsx'] }),
    )
    await process.#said('ready')
    return process
  }

  /** Names its runner as the owner of lanes. */
  get runner(): string {
    return this.#runner
  }

  /** What went wrong in it that never should, also in the background. */
  get failure(): Error | undefined {
    return this.#failure
  }

  async open(settings: WorkerSettings): Promise<void> {
    await this.#do({ kind: 'open', settings }, 'opened')
  }

  async start(): Promise<void> {
    await this.#do({ kind: 'start' }, 'done')
  }

  async stop(): Promise<void> {
    await this.#do({ kind: 'stop' }, 'done')
  }

  /** Does everything that a runner can, until it dies. */
  operate(task: Omit<Extract<WorkerTask, { kind: 'operate' }>, 'kind'>): void {
    this.#process.send({ kind: 'operate', ...task } satisfies WorkerTask)
  }

  /**
   * Resolves when it is gone.
   *
   * @throws {Error} it lives on, or ended because of something that never should happen.
   */
  async ends(withinMs: number): Promise<void> {
    const timer = new AbortController()
    const isGone = await Promise.race([
      this.exited.then(() => true),
      sleep(withinMs, false, { signal: timer.signal }),
    ])
    timer.abort()
    if (this.#failure !== undefined) throw this.#failure
    if (!isGone) throw new Error(`Process ${this.#process.pid} lives on after ${withinMs} ms.`)
  }

  /** Halts it where it is. */
  halt(): void {
    this.#process.kill('SIGSTOP')
  }

  /** Lets it go on where it was halted. */
  goOn(): void {
    this.#process.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  async #do(task: WorkerTask, answer: WorkerReport['kind']): Promise<void> {
    const said = this.#said(answer)
    this.#process.send(task)
    await said
  }

  /** Resolves when it says that, or is gone. @throws what it met that never should. */
  async #said(wanted: WorkerReport['kind']): Promise<void> {
    await new Promise<void>((resolve) => {
      const listener = ({ kind }: WorkerReport): void => {
        if (kind !== wanted && kind !== 'failure') return
        this.#process.off('message', listener)
        resolve()
      }
      this.#process.on('message', listener)
      void this.exited.then(() => {
        resolve()
      })
    })
    if (this.#failure !== undefined) throw this.#failure
  }
}
