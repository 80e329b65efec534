import { scriptOf, type Script } from '../client/script.ts'

/** KEYS: the builds record. ARGV: the expected revision, '' for none; then fields and values. Gives whether it was written. */
export const WRITE_BUILDS: Script = scriptOf(`
local revision = redis.call('HGET', KEYS[1], 'revision') or ''
if revision ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
`)

/**
 * Makes the record of a lane, if there is none.
 *
 * KEYS: lane, keys. ARGV: what the build is; fields and values. Gives 1: made; 0: it was there; 'dropped'; 'lost': documents are there without it; or what
 * another build is, of which there is something under this name.
 */
export const PREPARE_LANE: Script = scriptOf(`
local lane = redis.call('HMGET', KEYS[1], 'revision', 'dropped', 'build')
if lane[2] then return 'dropped' end
if lane[1] and lane[3] ~= ARGV[1] then return lane[3] or 'another' end
if lane[1] then return 0 end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'lost' end
redis.call('HSET', KEYS[1], 'build', ARGV[1], unpack(ARGV, 2))
return 1
`)

/** Takes back the record of a lane that nobody has touched. KEYS: lane. ARGV: its revision. */
export const UNDO_LANE: Script = scriptOf(`
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
`)

/** Writes a runner's record, and gives those of all. KEYS: members. ARGV: id and record of the runner. */
export const BEAT: Script = scriptOf(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HVALS', KEYS[1])
`)
