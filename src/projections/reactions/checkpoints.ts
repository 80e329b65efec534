import type { GlobalPosition } from '../../event-store/global-position.ts'
import { createReadModel } from '../create-read-model.ts'
import type { WaitOptions } from '../read-model.ts'
import type { ReadModelStorage } from '../read-model-storage.ts'

/** Where reactions keep how far they are, each under its name. Made by an adapter, e.g. `new PostgresCheckpoints(...)`. */
export interface Checkpoints {
  /** The lanes of a reaction: a storage without documents, the same one for the same name. */
  storageOf(reaction: string): ReadModelStorage<never>

  /**
   * Waits until a reaction has run for all events up to a position. Needs no runner in this process.
   *
   * @param position of the event to wait for; undefined (nothing was appended): returns at once.
   * @throws {WaitTimeoutError} it is not there after `timeoutMs` (default 5000).
   */
  waitFor(
    reaction: string,
    position: GlobalPosition | undefined,
    options?: WaitOptions,
  ): Promise<void>
}

/** Makes what users hold, for an adapter. @param open gives the storage of a reaction. */
export function createCheckpoints(
  open: (reaction: string) => ReadModelStorage<never>,
): Checkpoints {
  const storages = new Map<string, ReadModelStorage<never>>()
  const storageOf = (reaction: string): ReadModelStorage<never> => {
    const storage = storages.get(reaction) ?? open(reaction)
    storages.set(reaction, storage)
    return storage
  }
  return {
    storageOf,
    waitFor: (reaction, position, options) =>
      createReadModel(storageOf(reaction)).waitFor(position, options),
  }
}
