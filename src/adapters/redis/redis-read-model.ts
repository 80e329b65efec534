/**
 * Read model in Redis 6.2 and later, alone or as a cluster, by a client of the `redis` package.
 *
 * A commit is one script: the lane's record is compared and written last, and documents, sorted sets and sets between the two. All of them lie in one slot.
 * So every event counts exactly once, whatever crashes; where Redis loses its last second, documents and lane lose it together, and it is folded again.
 */
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { Build } from '../../projections/builds/build.ts'
import { createReadModel, ofReadBuild } from '../../projections/create-read-model.ts'
import { warningLogger, type Logger } from '../../projections/logger.ts'
import type { ReadModel, WaitOptions } from '../../projections/read-model.ts'
import { checkEviction } from './client/check-eviction.ts'
import type { RedisClient, RedisClusterClient } from './client/redis-client.ts'
import { RedisConnection } from './client/redis-connection.ts'
import { DocumentIndexes, type MembersOf, type ScoreOf } from './read-model/document-indexes.ts'
import { KeyLayout } from './read-model/key-layout.ts'
import { RedisReadModelStorage } from './read-model/redis-read-model-storage.ts'
import { READ_MEMBERS, READ_TOP } from './scripts/read.ts'

export interface RedisReadModelOptions<
  Document,
  SortedSet extends string = never,
  Set extends string = never,
> {
  /** `createClient(...)` or `createCluster(...)` with `disableOfflineQueue: true`, connected. Whoever made it closes it. */
  readonly client: RedisClient | RedisClusterClient
  /** What the names of all its keys begin with, also in braces: `balances:builds`, `{balances:b1:0}:d:account-42`. No braces. */
  readonly prefix: string
  /** Leaderboards: the score of a document in each of them; null: it is not in it. Other ones need a new `version` of the projection. */
  readonly sortedSets?: Readonly<Record<SortedSet, ScoreOf<NoInfer<Document>>>> | undefined
  /** Look-ups: the members that a document has in each of them, e.g. its owner. Other ones need a new `version` of the projection. */
  readonly sets?: Readonly<Record<Set, MembersOf<NoInfer<Document>>>> | undefined
  /** How long the documents of a dropped build stay, for readers that look for them by themselves, in milliseconds. Default 1000. */
  readonly dropGraceMs?: number | undefined
  /** Told when it cannot be read whether the server drops keys. Default: warnings of the process. */
  readonly logger?: Logger | undefined
}

/** An entry of a sorted set, with its document as it was at the same moment. */
export interface RankedDocument<Document> {
  readonly key: string
  readonly score: number
  readonly document: Document
}

/**
 * Documents of a projection as hashes in Redis, with leaderboards and look-ups that always agree with them.
 *
 * ```ts
 * const client = await createClient({ url, disableOfflineQueue: true }).connect()
 * const balances = new RedisReadModel<Balance, 'byBalance', 'byOwner'>({
 *   client,
 *   prefix: 'balances',
 *   sortedSets: { byBalance: ({ cents }) => cents },
 *   sets: { byOwner: ({ owner }) => [owner] },
 * })
 * await balances.top('byBalance', 10)
 * await balances.members('byOwner', 'Ada')
 * ```
 *
 * A switch of builds by another process is seen by readers here a tenth of a second later, at most.
 *
 * Its methods, and the runner that fills it, meet:
 *
 * - `RedisUnavailableError`: repeated by the runner;
 * - `RedisRefusedError`, `RedisClosedError`: the user lacks rights; the client is closed;
 * - `EvictingServerError`: the server drops keys when its memory is full;
 * - `LaneLostError`, `KeyTakenError`: keys are missing, or hold something else;
 * - `BuildIndexesError`: sorted sets or sets were changed without a new version;
 * - `IndexRefusedError`: a score is no number, or a key or member not well-formed.
 */
export class RedisReadModel<
  Document,
  SortedSet extends string = never,
  Set extends string = never,
> implements ReadModel<Document> {
  readonly storage: RedisReadModelStorage<Document>
  readonly #model: ReadModel<Document>

  /** @throws {TypeError} a client that keeps commands while it is offline, a prefix with braces, or a name that no index can have. */
  constructor(options: RedisReadModelOptions<Document, SortedSet, Set>) {
    const { client, prefix, sortedSets = {}, sets = {} } = options
    const { dropGraceMs = 1000, logger = warningLogger } = options
    const connection = new RedisConnection(client)
    this.storage = new RedisReadModelStorage<Document>(connection, {
      layout: new KeyLayout(prefix),
      indexes: new DocumentIndexes({ sortedSets, sets }),
      dropGraceMs,
      check: once(async () => {
        await connection.checkNodes()
        await checkEviction(connection, logger)
      }),
    })
    this.#model = createReadModel(this.storage, () => this.storage.builds.recent())
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

  /**
   * The documents with the highest scores of a sorted set, highest first, those of one score in the reverse order of their keys. Each lane is read at one
   * moment, documents and scores; several lanes one after the other.
   *
   * @param count up to 10,000.
   */
  async top(sortedSet: SortedSet, count: number): Promise<readonly RankedDocument<Document>[]> {
    if (!Number.isInteger(count) || count < 0 || count > MOST_RANKED)
      throw new RangeError(`count is ${count}. Use a whole number from 0 to ${MOST_RANKED}.`)
    if (count === 0) return []
    const lanes = await this.#eachLane(async (build, number) => {
      const { storage } = this
      const lane = storage.lane(build, number)
      const args = [String(count), lane.keys.documents]
      const reply = await lane.run(READ_TOP, [lane.keys.sortedSet(sortedSet)], args)
      return ranked<Document>(reply as readonly (string | null)[])
    })
    return lanes.flat().toSorted(byRank).slice(0, count)
  }

  /** The keys of the documents that have a member in a set, in the order of their UTF-16 code units. */
  async members(set: Set, member: string): Promise<readonly string[]> {
    const lanes = await this.#eachLane(async (build, number) => {
      const lane = this.storage.lane(build, number)
      return lane.run(READ_MEMBERS, [lane.keys.members(set, member)], []) as Promise<string[]>
    })
    return lanes.flat().toSorted()
  }

  async #eachLane<Reply>(
    read: (build: Build, number: number) => Promise<Reply>,
  ): Promise<readonly Reply[]> {
    const { storage } = this
    return ofReadBuild(storage, {
      recent: () => storage.builds.recent(),
      read: async (build) => {
        const numbers = Array.from({ length: build.lanes }, (_, number) => number)
        return Promise.all(numbers.map((number) => read(build, number)))
      },
      nothing: [],
    })
  }
}

const MOST_RANKED = 10_000

function ranked<Document>(values: readonly (string | null)[]): readonly RankedDocument<Document>[] {
  const found: RankedDocument<Document>[] = []
  for (let index = 0; index < values.length; index += 3) {
    const [key, score, json] = values.slice(index, index + 3)
    if (typeof key === 'string' && typeof json === 'string')
      found.push({ key, score: Number(score), document: JSON.parse(json) as Document })
  }
  return found
}

function byRank<Document>(one: RankedDocument<Document>, other: RankedDocument<Document>): number {
  if (one.score !== other.score) return other.score - one.score
  return Buffer.compare(Buffer.from(other.key), Buffer.from(one.key))
}

/** Once it went well, it is not done again. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return async () => {
    done ??= work().catch((error: unknown) => {
      done = undefined
      throw error
    })
    await done
  }
}
