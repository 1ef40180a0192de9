/**
 * The room log's keys in Redis and the scripts that are the only ones to touch them.
 *
 * | key                       | what                                                                                    |
 * | ------------------------- | --------------------------------------------------------------------------------------- |
 * | `walnut:room:{ID}:state`  | hash: `run` (run id of the server this state was made on), `start` (first number of the |
 * |                           | epoch, not given out), `seq` (last number given out), `archived` (all up to it is safe) |
 * | `walnut:room:{ID}:log`    | stream: entry `SEQ-0`, fields `i` (event id or empty) and `e` (JSON of the entry)       |
 * | `walnut:room:{ID}:ids`    | hash: event id → SEQ, of exactly the entries in the stream                              |
 * | `walnut:room:unarchived`  | sorted set of room ids, by the time of their first entry that is not archived           |
 * | `walnut:room:{ID}:news`   | channel: what was appended, so that nobody reads the stream while all is well           |
 *
 * Numbers of one epoch are dense. A script that finds another `run` than its caller's connection answers `cold`: the server
 * was restarted, emptied or replaced since, and may have forgotten numbers that people have seen. Only OPEN, with an epoch
 * from PostgreSQL that nobody had before, makes the room usable again, empty. Nothing leaves the stream that is not archived.
 */
import { script } from '../platform/redis-link.ts';

/** News: `START ARCHIVED FIRST LAST`, a line feed, and the JSON array of the entries FIRST to LAST. */
const PREFIX = 'walnut:room:';
export const UNARCHIVED_KEY = `${PREFIX}unarchived`;
export const stateKey = (roomId: string): string => `${PREFIX}{${roomId}}:state`;
export const logKey = (roomId: string): string => `${PREFIX}{${roomId}}:log`;
export const idsKey = (roomId: string): string => `${PREFIX}{${roomId}}:ids`;
export const newsChannel = (roomId: string): string => `${PREFIX}{${roomId}}:news`;

/** Numbers beyond 2^31 are written out: Lua would make 1e+09 of them. */
const HELPERS = `local function text(number) return string.format('%.0f', number) end\n`;

/**
 * KEYS: state, log, ids, unarchived. ARGV: run, most entries a stream may have, life in ms, room id, channel, then for every
 * event its id (empty: never repeated) and its JSON.
 * Answers `cold`, `full`, or for every event its number and, when it was there before, the JSON it has there (else '').
 */
export const APPEND = script(`${HELPERS}
local state = redis.call('HMGET', KEYS[1], 'run', 'start', 'seq', 'archived')
if state[1] ~= ARGV[1] then return 'cold' end
if redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[2]) then return 'full' end
local seq = tonumber(state[3])
local first = seq + 1
local answers, fresh = {}, {}
for i = 6, #ARGV, 2 do
  local id, entry = ARGV[i], ARGV[i + 1]
  local known = id ~= '' and redis.call('HGET', KEYS[3], id)
  local found = known and redis.call('XRANGE', KEYS[2], known .. '-0', known .. '-0')[1]
  if found then
    answers[#answers + 1] = known
    answers[#answers + 1] = found[2][4]
  else
    seq = seq + 1
    local number = text(seq)
    redis.call('XADD', KEYS[2], number .. '-0', 'i', id, 'e', entry)
    if id ~= '' then redis.call('HSET', KEYS[3], id, number) end
    answers[#answers + 1] = number
    answers[#answers + 1] = ''
    fresh[#fresh + 1] = entry
  end
end
if #fresh == 0 then return answers end
redis.call('HSET', KEYS[1], 'seq', text(seq))
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
redis.call('ZADD', KEYS[4], 'NX', redis.call('TIME')[1], ARGV[4])
redis.call('PUBLISH', ARGV[5], state[2] .. ' ' .. state[4] .. ' ' .. text(first) .. ' ' .. text(seq) .. '\\n[' .. table.concat(fresh, ',') .. ']')
return answers`);

/**
 * KEYS: state, log, ids. ARGV: run, the number before the new epoch's first, life in ms, channel. What an earlier epoch left
 * is in the journal, or was never promised. Answers 1, or `stale` when that epoch is not a new one.
 */
export const OPEN = script(`
local state = redis.call('HMGET', KEYS[1], 'run', 'start')
if state[1] == ARGV[1] then return 1 end
if state[2] and tonumber(ARGV[2]) <= tonumber(state[2]) then return 'stale' end
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'start', ARGV[2], 'seq', ARGV[2], 'archived', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[2] .. ' ' .. ARGV[2] .. ' ' ..  ARGV[2] .. ' ' .. ARGV[2] .. '\\n[]')
return 1`);

/** KEYS: state, log. ARGV: last number known, most entries. Answers run, start, seq, archived, and pairs of number and JSON. */
export const READ = script(`
local state = redis.call('HMGET', KEYS[1], 'run', 'start', 'seq', 'archived')
local answer = { state[1] or '', state[2] or '', state[3] or '', state[4] or '' }
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '(' .. ARGV[1] .. '-0', '+', 'COUNT', ARGV[2])) do
  answer[#answer + 1] = string.match(entry[1], '^%d+')
  answer[#answer + 1] = entry[2][4]
end
return answer`);

/** KEYS: state, log, ids, unarchived. ARGV: archived up to, entries to keep nevertheless, room id, most entries to remove. */
export const ARCHIVED = script(`${HELPERS}
local state = redis.call('HMGET', KEYS[1], 'seq', 'archived')
if not state[1] then
  if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('ZREM', KEYS[4], ARGV[3]) end
  return 0
end
local seq, archived = tonumber(state[1]), math.max(tonumber(state[2]), tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'archived', text(archived))
if archived >= seq then redis.call('ZREM', KEYS[4], ARGV[3]) end
local surplus = math.min(redis.call('XLEN', KEYS[2]) - tonumber(ARGV[2]), tonumber(ARGV[4]))
if surplus <= 0 then return 0 end
local last = nil
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', text(archived) .. '-0', 'COUNT', surplus)) do
  if entry[2][2] ~= '' then redis.call('HDEL', KEYS[3], entry[2][2]) end
  last = entry[1]
end
if last then redis.call('XTRIM', KEYS[2], 'MINID', '=', (string.gsub(last, '%-0$', '-1'))) end
return 1`);
