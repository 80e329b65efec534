/** A process that runs a projection as its ProjectionProcess tells it. */
import { inspect } from 'node:util'
import pg from 'pg'
import { EverfoldError, project, ProjectionRunner } from '../../src/index.ts'
import { accountBalances } from '../domain/account.ts'
import { silent } from '../projections/runner-fixture.ts'
import { openStore } from './open-store.ts'
import type { Around, OpenSink, SinkName } from './sinks/fault-sink.ts'
import { FAULT_SINKS } from './sinks/fault-sinks.ts'
import { countedBy } from './sinks/postgres-sink.ts'

const NAME = accountBalances.name

export interface WorkerSettings {
  /** Of the log. */
  readonly url: string
  readonly schema: string
  readonly sink: { readonly name: SinkName; readonly url: string }
  readonly lanes: number
  readonly leaseMs: number
  readonly pageSize: number
}

/** When a process ends itself, in the middle of whatever it is at. */
export interface Death {
  /** Number of a request that it sends to the database or the sink, from 1: the first one of its last operation. */
  readonly request: number
  /** The same of those that hold documents, where the sink tells which do: it ends at what comes first. */
  readonly ofDocuments: number | undefined
  /** The request was not sent, was sent, or so many milliseconds after that, or was answered. */
  readonly moment: 'before' | 'after' | number | 'answered'
}

export type WorkerTask =
  | { readonly kind: 'open'; readonly settings: WorkerSettings }
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'operate'; readonly operations: readonly Operation[]; readonly death: Death }

export type WorkerReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'opened'; readonly runner: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'leaseLost'; readonly lane: number }
  | { readonly kind: 'failure'; readonly message: string }

/** What a process can be told to do; `follow`: it starts, if it does not follow yet, and goes on for a moment. */
export type Operation = 'follow' | 'rebuild' | 'rollback' | 'prune' | 'verify' | 'stop'

/** What two processes that do all this at once may meet, or one that has nothing to roll back to. */
const EXPECTED = new Set(['SWITCH_REFUSED', 'REBUILD_CONFLICT'])

class Worker {
  readonly #runner: ProjectionRunner
  readonly #requests: RequestCount
  #isFollowing = false

  private constructor(settings: WorkerSettings, requests: RequestCount, sink: OpenSink) {
    const { url, schema, lanes, leaseMs, pageSize } = settings
    const pool = new pg.Pool({ connectionString: url, max: 4, application_name: schema })
    pool.on('error', () => undefined)
    countedBy(requests.around, pool)
    this.#requests = requests
    this.#runner = new ProjectionRunner({
      store: openStore(pool, schema),
      projections: [project(accountBalances).into(sink.balances(), { lanes })],
      logger: silent,
      ...{ leaseMs, pageSize },
    })
    this.#runner.on('leaseLost', ({ lane }) => {
      tell({ kind: 'leaseLost', lane })
    })
    this.#runner.on('error', ({ error }) => {
      fail(error)
    })
  }

  static async open(settings: WorkerSettings): Promise<Worker> {
    const requests = new RequestCount()
    const { name, url } = settings.sink
    const { around } = requests
    const sink = await FAULT_SINKS[name].open({ url, namespace: settings.schema, around })
    return new Worker(settings, requests, sink)
  }

  async do(task: Exclude<WorkerTask, { kind: 'open' }>): Promise<void> {
    if (task.kind === 'start') await this.#runner.start()
    else if (task.kind === 'stop') await this.#runner.stop()
    else await this.#operate(task)
  }

  get id(): string {
    return this.#runner.id
  }

  /** Does one operation after the other; those who outlive the last one do all of them again. */
  async #operate({ operations, death }: Extract<WorkerTask, { kind: 'operate' }>): Promise<void> {
    for (let number = 0; ; number++) {
      const operation = operations[number % operations.length] ?? 'follow'
      if (number === operations.length - 1) this.#requests.dieAt(death)
      try {
        await this.#perform(operation)
      } catch (error) {
        if (!EverfoldError.is(error) || !EXPECTED.has(error.code)) throw error
      }
    }
  }

  async #perform(operation: Operation): Promise<void> {
    switch (operation) {
      case 'follow':
        if (!this.#isFollowing) await this.#runner.start()
        this.#isFollowing = true
        await this.#requests.next(20)
        return
      case 'rebuild':
      case 'rollback':
      case 'prune':
      case 'verify':
        await this.#runner[operation](NAME)
        return
      case 'stop':
        await this.#runner.stop()
        this.#isFollowing = false
    }
  }
}

/** Counts the requests of a process, and ends it at one of them. */
class RequestCount {
  #count = 0
  #documents = 0
  #death: Death | undefined
  readonly #waiting = new Map<number, () => void>()

  readonly around: Around = (send, what) => {
    const number = ++this.#count
    this.#waiting.get(number)?.()
    const ofDocuments = what === 'documents' ? ++this.#documents : 0
    if (this.#death === undefined) return send()
    const { moment } = this.#death
    if (number !== this.#death.request && ofDocuments !== this.#death.ofDocuments) return send()
    if (moment === 'before') die()
    const sent = send()
    if (moment === 'after') die()
    if (moment === 'answered') void Promise.resolve(sent).finally(die)
    else setTimeout(die, Number(moment))
    return sent
  }

  dieAt({ request, ofDocuments, moment }: Death): void {
    this.#death = {
      request: this.#count + request,
      ofDocuments: ofDocuments === undefined ? undefined : this.#documents + ofDocuments,
      moment,
    }
  }

  /** Resolves when so many more were sent: a runner that follows sends some all the time. */
  async next(requests: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.set(this.#count + requests + 1, resolve)
    })
  }
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

function tell(report: WorkerReport): void {
  process.send?.(report)
}

/** Nothing should: whoever waits for the process is not to wait for ever. */
function fail(error: unknown): void {
  const message = inspect(error, { depth: 6 })
  const report: WorkerReport = { kind: 'failure', message: `Process ${process.pid}: ${message}` }
  process.send?.(report, undefined, undefined, () => process.exit(1))
}

let worker: Worker | undefined

process.on('message', (task: WorkerTask) => {
  if (task.kind === 'open')
    Worker.open(task.settings).then((opened) => {
      worker = opened
      tell({ kind: 'opened', runner: worker.id })
    }, fail)
  else
    worker?.do(task).then(() => {
      tell({ kind: 'done' })
    }, fail)
})
process.on('disconnect', () => process.exit())
tell({ kind: 'ready' })
