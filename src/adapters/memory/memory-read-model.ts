import type { GlobalPosition } from '../../event-store/global-position.ts'
import { createReadModel } from '../../projections/create-read-model.ts'
import type { ReadModel, WaitOptions } from '../../projections/read-model.ts'
import { MemoryReadModelStorage } from './memory-read-model-storage.ts'

/**
 * Read model in the memory of this process, for tests and trials: as exact as the durable ones, gone when the process ends.
 *
 * ```ts
 * const balances = new MemoryReadModel<Balance>()
 * const runner = new ProjectionRunner({ store, projections: [project(accountBalances).into(balances)] })
 * ```
 */
export class MemoryReadModel<Document> implements ReadModel<Document> {
  readonly storage: MemoryReadModelStorage<Document>
  readonly #model: ReadModel<Document>

  /** @param options.name stands in errors and status. Default `'memory'`. */
  constructor(options: { readonly name?: string | undefined } = {}) {
    this.storage = new MemoryReadModelStorage(options)
    this.#model = createReadModel(this.storage)
  }

  get(key: string): Promise<Document | undefined> {
    return this.#model.get(key)
  }

  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    return this.#model.getMany(keys)
  }

  waitFor(position: GlobalPosition | undefined, options?: WaitOptions): Promise<void> {
    return this.#model.waitFor(position, options)
  }
}
