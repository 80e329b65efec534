import type { GlobalPosition } from '../event-store/global-position.ts'
import type { Logger } from './logger.ts'

/** What a runner tells its listeners. Each names the projection and the read model. */
export interface RunnerEvents {
  /** A projection, or a lane of it, stopped: nothing moves it until it is corrected and a runner started. */
  readonly error: Subject & { readonly error: Error }
  /** The live build holds all that the log held when the runner began to follow; once per start. */
  readonly caughtUp: Subject & { readonly position: GlobalPosition | undefined }
  /** Another runner has a lane that was this one's. Nothing was written to it since. */
  readonly leaseLost: Subject & { readonly lane: number; readonly owner: string | undefined }
  /** An event was set aside, with all later ones of its key, because of an error. */
  readonly parked: Subject & {
    readonly lane: number
    readonly key: string
    readonly position: GlobalPosition
    readonly error: Error
  }
}

interface Subject {
  readonly projection: string
  readonly readModel: string
}

/** May be asynchronous; nobody waits for it. */
export type RunnerListener<Name extends keyof RunnerEvents> = (event: RunnerEvents[Name]) => unknown

/** Listeners of a runner. One that fails disturbs neither it nor the others: the log tells. */
export class RunnerListeners {
  readonly #logger: Logger
  readonly #listeners: { readonly [Name in keyof RunnerEvents]: Set<RunnerListener<Name>> } = {
    error: new Set(),
    caughtUp: new Set(),
    leaseLost: new Set(),
    parked: new Set(),
  }

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** @returns what ends it. */
  on<Name extends keyof RunnerEvents>(name: Name, listener: RunnerListener<Name>): () => void {
    this.#listeners[name].add(listener)
    return () => {
      this.#listeners[name].delete(listener)
    }
  }

  emit<Name extends keyof RunnerEvents>(name: Name, event: RunnerEvents[Name]): void {
    for (const listener of this.#listeners[name])
      void Promise.resolve(event)
        .then(listener)
        .catch((error: unknown) => {
          this.#logger.error(
            `A listener of '${name}' failed. The runner goes on; correct the listener: ${error instanceof Error ? error.message : String(error)}`,
            { error },
          )
        })
        .catch(() => undefined) // a log that fails cannot be told of
  }
}
