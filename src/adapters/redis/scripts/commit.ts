import { scriptOf, type Script } from '../client/script.ts'

/**
 * Replaces a lane's record if its revision is still the expected one, with documents, index entries and parked events.
 *
 * KEYS: lane, keys, parked, parked events, parked discarded, the sorted sets, then the documents: those to be put, those to be deleted.
 * ARGV: the expected revision; how many fields of the lane, sorted sets, sets, documents to put, and to delete; events to park, to remove, and to give up;
 * the lane's fields; what the keys of each set begin with, and its name; of each document to put its key, JSON, position, a score per sorted set, members per
 * set; the keys of those to delete; then members and values of parked events.
 *
 * Gives 1: done; 0: another revision; -1: no record; or 'wrong', a key, and the server's words about it. Then nothing was written: the first part
 * only reads, and what the second part does cannot fail. All the same entries come first and the lane last: had it failed half-way, doing it again would mend it.
 */
export const COMMIT: Script = scriptOf(`
local revision = redis.call('HGET', KEYS[1], 'revision')
if not revision then return -1 end
if revision ~= ARGV[1] then return 0 end
local fields, sortedSets, sets = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local puts, deletes = tonumber(ARGV[5]), tonumber(ARGV[6])
local parks, unparks, discards = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local firstSet = 10 + fields
local firstPut = firstSet + 2 * sets
local putArguments = 3 + sortedSets + sets
local firstDelete = firstPut + puts * putArguments
local firstPark = firstDelete + deletes
local wrong = nil

local call, pcall = redis.call, redis.pcall
local function reads(command, ...)
  local reply = pcall(command, ...)
  if type(reply) == 'table' and reply.err then wrong = wrong or { 'wrong', (...), reply.err } return nil end
  return reply
end

local function has(list, value)
  for _, each in ipairs(list) do if each == value then return true end end
  return false
end

if puts + deletes > 0 then
  reads('ZCARD', KEYS[2])
  for z = 1, sortedSets do reads('ZCARD', KEYS[5 + z]) end
end
if parks + unparks + discards > 0 then
  reads('ZCARD', KEYS[3])
  reads('HLEN', KEYS[4])
  reads('HLEN', KEYS[5])
end

local firstKey = 5 + sortedSets
local known = {}
local added, removed = {}, {}
local function compare(key, set, before, after)
  if before == after then return end
  local old, new = before and cjson.decode(before) or {}, after and cjson.decode(after) or {}
  for _, member in ipairs(new) do
    if not has(old, member) then added[#added + 1] = { ARGV[firstSet + 2 * set - 2] .. member, key } end
  end
  for _, member in ipairs(old) do
    if not has(new, member) then removed[#removed + 1] = { ARGV[firstSet + 2 * set - 2] .. member, key } end
  end
end
for i = 1, puts do
  local at = firstPut + (i - 1) * putArguments
  local key = KEYS[firstKey + i]
  known[i] = reads('HEXISTS', key, 'position')
  for s = 1, sets do
    compare(ARGV[at], s, reads('HGET', key, ARGV[firstSet + 2 * s - 1]), ARGV[at + 2 + sortedSets + s])
  end
end
for i = 1, deletes do
  local key = KEYS[firstKey + puts + i]
  reads('HEXISTS', key, 'position')
  for s = 1, sets do compare(ARGV[firstDelete + i - 1], s, reads('HGET', key, ARGV[firstSet + 2 * s - 1]), nil) end
end
for _, each in ipairs(added) do reads('SCARD', each[1]) end
for _, each in ipairs(removed) do reads('SCARD', each[1]) end
if wrong then return wrong end

for i = 1, puts do
  local at = firstPut + (i - 1) * putArguments
  if known[i] == 0 then call('ZADD', KEYS[2], 0, ARGV[at]) end
  for z = 1, sortedSets do
    local score = ARGV[at + 2 + z]
    if score ~= '' then call('ZADD', KEYS[5 + z], score, ARGV[at])
    elseif known[i] == 1 then call('ZREM', KEYS[5 + z], ARGV[at]) end
  end
end
for _, each in ipairs(removed) do call('SREM', each[1], each[2]) end
for _, each in ipairs(added) do call('SADD', each[1], each[2]) end
for i = 1, puts do
  local at = firstPut + (i - 1) * putArguments
  local key = KEYS[firstKey + i]
  call('HSET', key, 'document', ARGV[at + 1], 'position', ARGV[at + 2])
  for s = 1, sets do call('HSET', key, ARGV[firstSet + 2 * s - 1], ARGV[at + 2 + sortedSets + s]) end
end
for i = 1, deletes do
  local member = ARGV[firstDelete + i - 1]
  if call('UNLINK', KEYS[firstKey + puts + i]) == 1 then
    call('ZREM', KEYS[2], member)
    for z = 1, sortedSets do call('ZREM', KEYS[5 + z], member) end
  end
end

local at = firstPark
for _ = 1, parks do
  call('ZADD', KEYS[3], 0, ARGV[at])
  call('HSET', KEYS[4], ARGV[at], ARGV[at + 1])
  call('HDEL', KEYS[5], ARGV[at])
  at = at + 2
end
for _ = 1, unparks do
  call('ZREM', KEYS[3], ARGV[at])
  call('HDEL', KEYS[4], ARGV[at])
  call('HDEL', KEYS[5], ARGV[at])
  at = at + 1
end
for _ = 1, discards do
  if call('HEXISTS', KEYS[4], ARGV[at]) == 1 then call('HSET', KEYS[5], ARGV[at], ARGV[at + 1]) end
  at = at + 2
end
call('HSET', KEYS[1], unpack(ARGV, 10, 9 + fields))
return 1
`)
