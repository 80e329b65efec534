/**
 * Read models and snapshots in Redis, alone or as a cluster, by a client of the `redis` package that you own.
 *
 * @module
 */
export { BuildIndexesError } from './read-model/build-indexes-error.ts'
export { EvictingServerError } from './client/evicting-server-error.ts'
export { IndexRefusedError } from './read-model/index-refused-error.ts'
export { KeyTakenError } from './read-model/key-taken-error.ts'
export { LaneLostError } from './read-model/lane-lost-error.ts'
export type { MembersOf, ScoreOf } from './read-model/document-indexes.ts'
export type { RedisClient, RedisClusterClient, RedisCommandOptions } from './client/redis-client.ts'
export { RedisClosedError } from './client/redis-closed-error.ts'
export {
  RedisReadModel,
  type RankedDocument,
  type RedisReadModelOptions,
} from './redis-read-model.ts'
export { RedisRefusedError } from './client/redis-refused-error.ts'
export { redisSnapshotStore, type RedisSnapshotStoreOptions } from './redis-snapshot-store.ts'
export { RedisUnavailableError } from './client/redis-unavailable-error.ts'
