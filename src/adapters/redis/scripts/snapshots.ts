import { scriptOf, type Script } from '../client/script.ts'

/**
 * The newest snapshot of a stream within bounds, those with the fingerprint first. KEYS: snapshots. ARGV: fingerprint; greatest version, recordedAt and
 * occurredAt, each '' for any.
 *
 * Gives version, head and state; nothing: there is none. States are not looked at before one is chosen.
 */
export const FIND_SNAPSHOT: Script = scriptOf(`
local function within(value, bound) return bound == '' or tonumber(value) <= tonumber(bound) end
local found, isOurs = 0, false
local heads = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local version = tonumber(string.match(field, '^head:(%d+)$'))
  if version and within(version, ARGV[2]) then
    local head = redis.call('HGET', KEYS[1], field)
    local recordedAt, occurredAt, fingerprint = string.match(head, '^%S+ %S+ (%S+) (%S+) (.*)$')
    if recordedAt and within(recordedAt, ARGV[3]) and within(occurredAt, ARGV[4]) then
      local ours = fingerprint == ARGV[1]
      if (ours and not isOurs) or (ours == isOurs and version > found) then
        found, isOurs = version, ours
        heads[version] = head
      end
    end
  end
end
if found == 0 then return {} end
local version = string.format('%d', found)
return { version, heads[found], redis.call('HGET', KEYS[1], 'state:' .. version) }
`)

/**
 * Keeps a snapshot, if it is one of the newest. KEYS: snapshots. ARGV: its version, head and state; how many are kept.
 *
 * Written first: where the memory of the server is full, nothing is removed either.
 */
export const SAVE_SNAPSHOT: Script = scriptOf(`
local new, keep = tonumber(ARGV[1]), tonumber(ARGV[4])
local versions = { new }
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local version = tonumber(string.match(field, '^head:(%d+)$'))
  if version and version ~= new then versions[#versions + 1] = version end
end
table.sort(versions, function(one, other) return one > other end)
if new < versions[math.min(keep, #versions)] then return 0 end
redis.call('HSET', KEYS[1], 'head:' .. ARGV[1], ARGV[2], 'state:' .. ARGV[1], ARGV[3])
for i = keep + 1, #versions do
  local version = string.format('%d', versions[i])
  redis.call('HDEL', KEYS[1], 'head:' .. version, 'state:' .. version)
end
return 1
`)
