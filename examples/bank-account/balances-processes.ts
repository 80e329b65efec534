import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Bank, BankPlace } from './bank.ts'

const SCRIPT = fileURLToPath(new URL('balances-process.ts', import.meta.url))

/** How long the processes may take to start and to share the lanes. */
const SHARING_MS = 30_000
const POLL_MS = 50

/** How long a process may take to finish the page in hand. */
const ENDING_MS = 10_000

/** Processes that project the balances together, each with a runner of its own. Nobody tells them who does what. */
export class BalancesProcesses implements AsyncDisposable {
  readonly #children: readonly ChildProcess[]
  #lanes: readonly number[] = []

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children
  }

  /**
   * Starts processes, and waits until they have shared the lanes.
   *
   * @param options.runner tells who has which lane; it need not run.
   */
  static async start(
    count: number,
    { place, runner }: { readonly place: BankPlace; readonly runner: Bank['runner'] },
  ): Promise<BalancesProcesses> {
    const children = Array.from({ length: count }, () =>
      fork(SCRIPT, [JSON.stringify(place)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
    )
    const processes = new BalancesProcesses(children)
    try {
      const ids = await Promise.all(children.map(idOf))
      processes.#lanes = await shareOfEach(ids, runner)
      return processes
    } catch (error) {
      await processes[Symbol.asyncDispose]()
      throw error
    }
  }

  /** How many lanes each process had when all had their share. */
  get lanes(): readonly number[] {
    return this.#lanes
  }

  /** How many processes were killed. */
  get killed(): number {
    return this.#children.filter(({ killed }) => killed).length
  }

  /** Kills the first process, so that it can finish nothing; once. */
  killFirst(): void {
    const [first] = this.#children
    if (first?.killed === false) first.kill('SIGKILL')
  }

  /** Lets the processes finish what they have in hand, and waits until they have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(end))
  }
}

/** The id of the runner of a process, when it has started. */
async function idOf(child: ChildProcess): Promise<string> {
  const started = new AbortController()
  const { signal } = started
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('A process that was to project the balances did not start: see above.')
  })
  try {
    const [id] = (await Promise.race([once(child, 'message', { signal }), ended])) as [string]
    return id
  } finally {
    started.abort()
  }
}

async function shareOfEach(
  ids: readonly string[],
  runner: Bank['runner'],
): Promise<readonly number[]> {
  const deadline = performance.now() + SHARING_MS
  for (;;) {
    const [status] = await runner.status()
    const owners = status?.lanes.map(({ owner }) => owner) ?? []
    const shares = ids.map((id) => owners.filter((owner) => owner === id).length)
    const least = Math.max(1, Math.floor(owners.length / ids.length))
    if (shares.every((share) => share >= least)) return shares
    if (performance.now() > deadline)
      throw new Error(
        `${ids.length} processes have ${shares.join(', ')} of ${owners.length} lanes after ${SHARING_MS} ms. Does another run of the example use this database?`,
      )
    await sleep(POLL_MS)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), ENDING_MS)
  await ended
  clearTimeout(timer)
}
