/**
 * Snapshots in Redis 6.2 and later, alone or as a cluster, by a client of the `redis` package.
 *
 * All of a stream are fields of one hash, `<prefix>:<stream id>`: `head:<version>`, which tells what it is, and `state:<version>`. Each call is one script or
 * command. Redis may lose its last second, or drop keys when its memory is full: a load folds more events then.
 */
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { StreamId } from '../../event-store/stream-id.ts'
import type { SnapshotStore } from '../../snapshots/snapshot-store.ts'
import type { Snapshot } from '../../snapshots/snapshot.ts'
import type { RedisClient, RedisClusterClient } from './client/redis-client.ts'
import { RedisConnection } from './client/redis-connection.ts'
import { FIND_SNAPSHOT, SAVE_SNAPSHOT } from './scripts/snapshots.ts'

export interface RedisSnapshotStoreOptions {
  /** `createClient(...)` or `createCluster(...)` with `disableOfflineQueue: true`, connected. Whoever made it closes it. */
  readonly client: RedisClient | RedisClusterClient
  /** What the names of all its keys begin with: `snapshots:account-42`. No braces. Default `'snapshots'`. */
  readonly prefix?: string | undefined
}

/**
 * Makes a snapshot store in Redis.
 *
 * ```ts
 * const client = await createClient({ url, disableOfflineQueue: true }).connect()
 * const repository = new Repository({ store, snapshots: redisSnapshotStore({ client }) })
 * ```
 *
 * Its methods throw `RedisUnavailableError`, `RedisRefusedError` and `RedisClosedError`; a repository reports them, and folds all events.
 *
 * @throws {TypeError} a client that keeps commands while it is offline, or a prefix with braces.
 */
export function redisSnapshotStore(options: RedisSnapshotStoreOptions): SnapshotStore {
  const { client, prefix = 'snapshots' } = options
  if (prefix === '' || /[{}]/.test(prefix) || !prefix.isWellFormed())
    throw new TypeError(
      `The prefix is ${JSON.stringify(prefix)}. Use a text without braces, e.g. 'snapshots'.`,
    )
  const connection = new RedisConnection(client)
  const keyOf = (streamId: StreamId): string => `${prefix}:${streamId}`
  return {
    find: async (streamId, bounds) => {
      const { fingerprint, maxVersion, maxRecordedAtMs, maxOccurredAtMs } = bounds
      const limits = [maxVersion, maxRecordedAtMs, maxOccurredAtMs].map((each) =>
        String(each ?? ''),
      )
      const reply = await connection.runScript(
        FIND_SNAPSHOT,
        [keyOf(streamId)],
        [fingerprint, ...limits],
      )
      return snapshotOf(streamId, reply as readonly string[])
    },
    save: async (snapshot, { keep }) => {
      const { streamId, version, state } = snapshot
      const args = [String(version), headOf(snapshot), state, String(keep)]
      await connection.runScript(SAVE_SNAPSHOT, [keyOf(streamId)], args)
    },
    delete: async (streamId, version) => {
      const key = keyOf(streamId)
      const fields = [`head:${version ?? ''}`, `state:${version ?? ''}`]
      const command = version === undefined ? ['UNLINK', key] : ['HDEL', key, ...fields]
      await connection.run(command, { key })
    },
  }
}

/** Last the fingerprint, which is any text. */
function headOf({ position, eventId, ...snapshot }: Snapshot): string {
  const { recordedAtMs, occurredAtMs, fingerprint } = snapshot
  return `${position} ${eventId} ${recordedAtMs} ${occurredAtMs} ${fingerprint}`
}

const HEAD = /^(\d+) (\S+) (\S+) (\S+) ([^]*)$/

function snapshotOf(
  streamId: StreamId,
  [version, head = '', state = '']: readonly string[],
): Snapshot | undefined {
  if (version === undefined) return undefined
  const [, position = '0', eventId = '', recordedAt, occurredAt, fingerprint = ''] =
    HEAD.exec(head) ?? []
  return {
    streamId,
    version: Number(version),
    position: BigInt(position) as GlobalPosition,
    eventId,
    state,
    fingerprint,
    recordedAtMs: Number(recordedAt),
    occurredAtMs: Number(occurredAt),
  }
}
