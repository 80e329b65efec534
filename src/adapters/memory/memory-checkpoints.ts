import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { WaitOptions } from '../../projections/read-model.ts'
import { createCheckpoints, type Checkpoints } from '../../projections/reactions/checkpoints.ts'
import type { ReadModelStorage } from '../../projections/read-model-storage.ts'
import { MemoryReadModelStorage } from './memory-read-model-storage.ts'

/** Checkpoints of reactions in the memory of this process, for tests and trials: gone when the process ends. */
export class MemoryCheckpoints implements Checkpoints {
  readonly #checkpoints = createCheckpoints((name) => new MemoryReadModelStorage<never>({ name }))

  storageOf(reaction: string): ReadModelStorage<never> {
    return this.#checkpoints.storageOf(reaction)
  }

  waitFor(
    reaction: string,
    position: GlobalPosition | undefined,
    options?: WaitOptions,
  ): Promise<void> {
    return this.#checkpoints.waitFor(reaction, position, options)
  }
}
