import { EventEmitter } from 'node:events'
import type { ReadModelStorage } from '../read-model-storage.ts'

/** Within one process: tells the lanes of a read model that somebody waits, and those who wait that a lane moved. */
export class LaneAnnouncements {
  readonly #emitter = new EventEmitter().setMaxListeners(0)
  #waiting = 0

  /** Somebody waits: a lane moves on at once while this is so. */
  get isAwaited(): boolean {
    return this.#waiting > 0
  }

  /** Says that somebody waits, until the function given back is called. */
  wait(): () => void {
    this.#waiting++
    this.#emitter.emit('wait')
    return () => {
      this.#waiting--
    }
  }

  /** Settles when a lane moves next, or after a while. */
  async moveWithin(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#emitter.off('move', done)
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      this.#emitter.on('move', done)
    })
  }

  moved(): void {
    this.#emitter.emit('move')
  }

  /** Calls `listener` whenever somebody begins to wait, until the function given back is called. */
  onWait(listener: () => void): () => void {
    this.#emitter.on('wait', listener)
    return () => this.#emitter.off('wait', listener)
  }
}

const byStorage = new WeakMap<object, LaneAnnouncements>()

/** The announcements of a read model in this process. */
export function announcementsOf<Document>(storage: ReadModelStorage<Document>): LaneAnnouncements {
  const found = byStorage.get(storage) ?? new LaneAnnouncements()
  byStorage.set(storage, found)
  return found
}
