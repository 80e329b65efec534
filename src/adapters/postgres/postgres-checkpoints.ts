/**
 * Checkpoints of reactions in PostgreSQL 13 and later, and in PGlite.
 *
 * They are rows of the tables that hold the records of read models: a reaction needs no table of its own. Each write of a lane is one statement that
 * compares its revision.
 */
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { WaitOptions } from '../../projections/read-model.ts'
import { createCheckpoints, type Checkpoints } from '../../projections/reactions/checkpoints.ts'
import type { ReadModelStorage } from '../../projections/read-model-storage.ts'
import type { Database } from './database/database.ts'
import { isStorableText } from './database/storable-text.ts'
import { postgresCheckpointStorage } from './reactions/postgres-checkpoint-storage.ts'

export interface PostgresCheckpointsOptions {
  /** Runs every statement: `postgres(pool)` or `await pglite(folder)`; that of the event store or another one. Whoever made it closes it. */
  readonly database: Database
  /** Schema that holds the records. Default `'everfold'`. It is made when it is missing. */
  readonly recordsSchema?: string | undefined
}

/**
 * Where reactions keep how far they are: one for all reactions of a program, each under its name.
 *
 * ```ts
 * const checkpoints = new PostgresCheckpoints({ database })
 * new ProjectionRunner({ store, projections: [react(sendReceipts).with(checkpoints)] })
 * ```
 */
export class PostgresCheckpoints implements Checkpoints {
  readonly #checkpoints: Checkpoints

  /** @throws {TypeError} no schema can have that name. */
  constructor({ database, recordsSchema = 'everfold' }: PostgresCheckpointsOptions) {
    this.#checkpoints = createCheckpoints((name) => {
      if (!isStorableText(name))
        throw new TypeError(
          `Postgres cannot keep the name ${JSON.stringify(name)}. Leave out U+0000 and halves of surrogate pairs.`,
        )
      return postgresCheckpointStorage(database, { name, recordsSchema })
    })
  }

  /** @throws {TypeError} Postgres cannot keep the name. */
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
