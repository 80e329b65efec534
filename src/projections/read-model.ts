import type { GlobalPosition } from '../event-store/global-position.ts'
import type { ReadModelStorage } from './read-model-storage.ts'

/** What users hold of a sink: documents by key, and waiting for them. Made by an adapter, e.g. `new PostgresReadModel(...)`. */
export interface ReadModel<Document> {
  readonly storage: ReadModelStorage<Document>

  /** The document under a key, as the live build has it now; undefined: there is none. */
  get(key: string): Promise<Document | undefined>

  /** The documents under several keys; keys without one are missing in the answer. */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Document>>

  /**
   * Waits until the live build contains all events up to a position, also those that its projection ignores. Needs no runner in this process.
   *
   * ```ts
   * const { position } = await repository.execute(account, '42', { type: 'Deposit', cents: 100 })
   * await balances.waitFor(position)
   * await balances.get('account-42')
   * ```
   *
   * @param position of the event to wait for; undefined (nothing was appended): returns at once.
   * @throws {WaitTimeoutError} it is not there after `timeoutMs` (default 5000), with where the read model is and who moves it.
   */
  waitFor(position: GlobalPosition | undefined, options?: WaitOptions): Promise<void>
}

export interface WaitOptions {
  /** Default 5000. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}
