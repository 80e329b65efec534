import type { GlobalPosition } from '../event-store/global-position.ts'

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

type Listener<Name extends keyof RunnerEvents> = (event: RunnerEvents[Name]) => void

/** Listeners of a runner. One that throws does not disturb it: its error is thrown in a turn of its own. */
export class RunnerListeners {
  readonly #listeners: { readonly [Name in keyof RunnerEvents]: Set<Listener<Name>> } = {
    error: new Set(),
    caughtUp: new Set(),
    leaseLost: new Set(),
    parked: new Set(),
  }

  /** @returns what ends it. */
  on<Name extends keyof RunnerEvents>(name: Name, listener: Listener<Name>): () => void {
    this.#listeners[name].add(listener)
    return () => {
      this.#listeners[name].delete(listener)
    }
  }

  emit<Name extends keyof RunnerEvents>(name: Name, event: RunnerEvents[Name]): void {
    for (const listener of this.#listeners[name])
      queueMicrotask(() => {
        listener(event)
      })
  }
}
