import { scriptOf, type Script } from '../client/script.ts'

/**
 * Reads documents until they are many bytes, at least one. KEYS: lane, then documents. ARGV: the bytes.
 *
 * Gives documents and positions in turn; -1: the lane has no record; or 'wrong', a key that is no document, and the server's words.
 */
export const LOAD: Script = scriptOf(`
if redis.call('HEXISTS', KEYS[1], 'revision') == 0 then return -1 end
local limit, bytes, found = tonumber(ARGV[1]), 0, {}
for i = 2, #KEYS do
  local values = redis.pcall('HMGET', KEYS[i], 'document', 'position')
  if values.err then return { 'wrong', KEYS[i], values.err } end
  found[#found + 1] = values[1]
  found[#found + 1] = values[2]
  bytes = bytes + (values[1] and #values[1] or 0)
  if bytes >= limit then break end
end
return found
`)

/** The records of several lanes at one moment. KEYS: lanes. ARGV: fields. */
export const READ_LANES: Script = scriptOf(`
local lanes = {}
for i = 1, #KEYS do lanes[i] = redis.call('HMGET', KEYS[i], unpack(ARGV)) end
return lanes
`)

/** The keys of documents after one of them. KEYS: lane, keys. ARGV: where they begin, how many. Gives -1: the lane has no record. */
export const READ_KEYS: Script = scriptOf(`
if redis.call('HEXISTS', KEYS[1], 'revision') == 0 then return -1 end
return redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
`)

/**
 * A page of parked events. KEYS: lane, parked, parked events, parked discarded. ARGV: where it begins and ends, how many, how many bytes.
 *
 * Gives member, event and reason in turn; -1: the lane has no record.
 */
export const READ_PARKED: Script = scriptOf(`
if redis.call('HEXISTS', KEYS[1], 'revision') == 0 then return -1 end
local members = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
local limit, bytes, page = tonumber(ARGV[4]), 0, {}
for _, member in ipairs(members) do
  local event = redis.call('HGET', KEYS[3], member)
  local reason = redis.call('HGET', KEYS[4], member)
  page[#page + 1] = member
  page[#page + 1] = event
  page[#page + 1] = reason
  bytes = bytes + #event + (reason and #reason or 0)
  if bytes >= limit then break end
end
return page
`)

/**
 * The first entries of a sorted set, highest scores first, with their documents. KEYS: lane, sorted set. ARGV: how many; what keys of documents begin with.
 *
 * Gives key, score and document in turn; -1: the lane has no record.
 */
export const READ_TOP: Script = scriptOf(`
if redis.call('HEXISTS', KEYS[1], 'revision') == 0 then return -1 end
local entries = redis.call('ZREVRANGE', KEYS[2], 0, ARGV[1] - 1, 'WITHSCORES')
local found = {}
for i = 1, #entries, 2 do
  found[#found + 1] = entries[i]
  found[#found + 1] = entries[i + 1]
  found[#found + 1] = redis.call('HGET', ARGV[2] .. entries[i], 'document')
end
return found
`)

/** The members of a set. KEYS: lane, set. Gives -1: the lane has no record. */
export const READ_MEMBERS: Script = scriptOf(`
if redis.call('HEXISTS', KEYS[1], 'revision') == 0 then return -1 end
return redis.call('SMEMBERS', KEYS[2])
`)
