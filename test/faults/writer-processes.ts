import type { Attempt } from './attempt.ts'
import type { WriterJob, WriterSettings } from './postgres-writer.ts'
import { WriterProcess } from './writer-process.ts'

/** Several processes that write to one log. */
export class WriterProcesses implements AsyncDisposable {
  readonly all: readonly WriterProcess[]

  private constructor(all: readonly WriterProcess[]) {
    this.all = all
  }

  /** Resolves when all of them are connected. */
  static async start(
    count: number,
    settings: Omit<WriterSettings, 'number'>,
  ): Promise<WriterProcesses> {
    const all = Array.from({ length: count }, (_, number) =>
      WriterProcess.start({ ...settings, number }),
    )
    return new WriterProcesses(await Promise.all(all))
  }

  /** All that they have told so far. */
  get attempts(): readonly Attempt[] {
    return this.all.flatMap(({ attempts }) => attempts)
  }

  /** Gives each of them the job, with a seed of its own, which ends early with the signal. Resolves with what they attempted when all are done. */
  async run(
    job: WriterJob,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly Attempt[]> {
    const before = this.all.map(({ attempts }) => attempts.length)
    await Promise.all(
      this.all.map((process, index) =>
        process.run({ ...job, seed: job.seed * 100 + index }, options),
      ),
    )
    return this.all.flatMap(({ attempts }, index) => attempts.slice(before[index]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((process) => process[Symbol.asyncDispose]()))
  }
}
