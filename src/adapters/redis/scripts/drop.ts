import { scriptOf, type Script } from '../client/script.ts'

/**
 * Puts a mark in place of a lane's record: nothing is written into the lane from now on. KEYS: lane. Gives how long ago it was dropped, in milliseconds, and its indexes.
 *
 * The mark stays for a while after everything else is gone, so that whoever slept while it was dropped makes no record again.
 */
export const DROP_LANE: Script = scriptOf(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lane = redis.call('HMGET', KEYS[1], 'dropped', 'indexes')
if lane[1] then return { now - lane[1], lane[2] } end
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], 'dropped', string.format('%.0f', now), 'indexes', lane[2] or '{}')
return { 0, lane[2] or '{}' }
`)

/**
 * Removes documents of a dropped lane, with their entries in sets.
 *
 * KEYS: lane, keys, then documents. ARGV: how many sets; what the keys of each begin with, and its name; then the keys of the documents.
 */
export const DROP_DOCUMENTS: Script = scriptOf(`
if redis.call('HEXISTS', KEYS[1], 'dropped') == 0 then return 0 end
local sets = tonumber(ARGV[1])
for i = 3, #KEYS do
  local key = ARGV[2 + 2 * sets + i - 3]
  for s = 1, sets do
    local members = redis.pcall('HGET', KEYS[i], ARGV[1 + 2 * s])
    if type(members) == 'string' then
      for _, member in ipairs(cjson.decode(members)) do redis.pcall('SREM', ARGV[2 * s] .. member, key) end
    end
  end
  redis.call('UNLINK', KEYS[i])
  redis.call('ZREM', KEYS[2], key)
end
return #KEYS - 2
`)

/** Removes what is left of a dropped lane, and lets its mark expire. KEYS: lane, then the rest. ARGV: milliseconds. */
export const DROP_REST: Script = scriptOf(`
if redis.call('HEXISTS', KEYS[1], 'dropped') == 0 then return 0 end
redis.call('UNLINK', unpack(KEYS, 2))
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
`)
