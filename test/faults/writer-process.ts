import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Attempt } from './attempt.ts'
import type { Report, Task, WriterJob, WriterSettings } from './postgres-writer.ts'

/** A process that appends as it is told, and tells of each attempt as soon as it knows; what it does not tell, before it is killed, may have happened. */
export class WriterProcess implements AsyncDisposable {
  readonly attempts: Attempt[] = []
  readonly #process: ChildProcess
  readonly #exit: Promise<unknown>
  #failure: Error | undefined
  #tasks = 0

  private constructor(process: ChildProcess) {
    this.#process = process
    this.#exit = once(process, 'exit')
    process.on('message', (report: Report) => {
      if (report.kind === 'attempt') this.attempts.push(report.attempt)
      if (report.kind === 'failure') this.#failure = new Error(report.message)
    })
  }

  /** Resolves when it is connected. */
  static async start(settings: WriterSettings): Promise<WriterProcess> {
    const process = fork(
      new URL('postgres-writer.ts', import.meta.url),
      [JSON.stringify(settings)],
      { execArgv: ['--import', 'tsx'] },
    )
    const writer = new WriterProcess(process)
    await writer.#said(({ kind }) => kind === 'ready')
    return writer
  }

  /**
   * Gives it a job, which ends early with the signal. Resolves when it is done, or the process was killed.
   *
   * @throws what it met that no writer should.
   */
  async run(job: WriterJob, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const task = this.#tasks++
    const end = (): void => {
      if (this.#process.connected) this.#process.send({ task, job: 'end' } satisfies Task)
    }
    const ended = this.#said((report) => report.kind === 'ended' && report.task === task)
    this.#process.send({ task, job } satisfies Task)
    if (signal?.aborted === true) end()
    signal?.addEventListener('abort', end)
    await ended.finally(() => signal?.removeEventListener('abort', end))
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  async #said(isWanted: (report: Report) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const listener = (report: Report): void => {
        if (!isWanted(report) && report.kind !== 'failure') return
        this.#process.off('message', listener)
        resolve()
      }
      this.#process.on('message', listener)
      void this.#exit.then(() => {
        resolve()
      })
    })
    if (this.#failure !== undefined) throw this.#failure
  }
}
