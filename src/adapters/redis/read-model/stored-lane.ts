import type { Build } from '../../../projections/builds/build.ts'
import { BuildNotPreparedError } from '../../../projections/builds/build-not-prepared-error.ts'
import type { RedisConnection } from '../client/redis-connection.ts'
import { RedisRefusedError } from '../client/redis-refused-error.ts'
import type { Script } from '../client/script.ts'
import { KeyTakenError } from './key-taken-error.ts'
import type { LaneKeys } from './key-layout.ts'
import { LaneLostError } from './lane-lost-error.ts'

/** A lane in Redis, and what is wrong with it if a script finds that out. */
export class StoredLane {
  readonly keys: LaneKeys
  readonly #connection: RedisConnection
  readonly #readModel: string
  readonly #build: Build

  constructor(
    connection: RedisConnection,
    keys: LaneKeys,
    { readModel, build }: { readonly readModel: string; readonly build: Build },
  ) {
    this.keys = keys
    this.#connection = connection
    this.#readModel = readModel
    this.#build = build
  }

  /**
   * Runs a script whose first key is the lane's record.
   *
   * @throws {BuildNotPreparedError | LaneLostError} there is no record.
   * @throws {KeyTakenError} a key holds something else.
   */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const names = [this.keys.lane, ...keys]
    const reply = await this.#connection.runScript(script, names, args)
    if (reply === -1) throw await this.missing()
    return this.checked(reply)
  }

  /** @throws {KeyTakenError} a script found a key that holds something else. */
  checked(reply: unknown): unknown {
    if (isComplaint(reply)) throw this.#wrong(reply)
    return reply
  }

  /** Why there is no record. */
  async missing(): Promise<BuildNotPreparedError | LaneLostError> {
    const { lane, keys } = this.keys
    const call = { key: lane }
    const documents = await this.#connection.run(['EXISTS', keys], call)
    const dropped = await this.#connection.run(['EXISTS', lane], call)
    return documents === 1 && dropped === 0
      ? new LaneLostError(this.#readModel, lane)
      : new BuildNotPreparedError(this.#readModel, this.#build.number)
  }

  #wrong([, key, words]: Complaint): KeyTakenError | RedisRefusedError {
    const reply = words.split(' ')[0] ?? ''
    if (reply !== 'WRONGTYPE') return new RedisRefusedError(reply, { cause: new Error(words) })
    return new KeyTakenError(this.#readModel, key, 'holds something of another type')
  }
}

/** What a script gives instead of its reply. */
type Complaint = readonly ['wrong', key: string, words: string]

function isComplaint(reply: unknown): reply is Complaint {
  return Array.isArray(reply) && reply[0] === 'wrong' && reply.length === 3
}
