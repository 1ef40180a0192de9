/**
 * The keys of attendance in Redis and the scripts that are the only ones to touch them.
 *
 * | key `walnut:presence:…` | what                                                                                       |
 * | ----------------------- | ------------------------------------------------------------------------------------------ |
 * | `at:STAY`               | hash: socket → `ROOM PERSON ORGPATH COUNTS ENTEREDAT`, what one node says of itself        |
 * | `stays`                 | sorted set: stay → until when it is believed unless it is renewed (ms of the Redis clock)  |
 * | `over`                  | set: stays that are over and not taken apart yet                                           |
 * | `room:ROOM`, `unit:PATH` | hash: person → their sockets there; its length is the number of people                    |
 * | `counts`                | hash: `room:ROOM` and `unit:PATH` → people, of those with any                              |
 * | `seats:ROOM:PERSON`     | sorted set: socket → when it came                                                          |
 * | `nodes`                 | sorted set: node → when it was heard of last; a socket's name begins with its node's       |
 * | `surplus`               | channel: the socket that has to go                                                         |
 *
 * Every change of the counts is a change of an `at:STAY` in the same script, so what a stay put in is exactly what is taken
 * out when it is over, by whomever, once.
 */
import { script } from '../../platform/redis-link.ts';

const PREFIX = 'walnut:presence:';
export const COUNTS_KEY = `${PREFIX}counts`;
export const SURPLUS_CHANNEL = `${PREFIX}surplus`;
export const roomField = (roomId: string): string => `room:${roomId}`;
export const unitField = (orgPath: string): string => `unit:${orgPath}`;

/** For how long a node is believed without a word of it. */
const STAY_MS = 6_000;
/** Who has not been heard of for so long is probably dead: its sockets give up their seats first. */
const DOUBTFUL_MS = 2_500;
/** Sockets of a stay that is over, taken out by one call. */
const CLEAR_AT_ONCE = 500;
const FORGET_NODE_MS = 3_600_000;

const HELPERS = `
local P = '${PREFIX}'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function count(place, person, change)
  local key = P .. place
  if redis.call('HINCRBY', key, person, change) <= 0 then redis.call('HDEL', key, person) end
  local people = redis.call('HLEN', key)
  if people == 0 then redis.call('HDEL', P .. 'counts', place) else redis.call('HSET', P .. 'counts', place, people) end
end

local function countAll(value, change)
  local room, person, path, counts = string.match(value, '^(%S+) (%S+) (%S+) (%d)')
  if counts == '1' then
    count('room:' .. room, person, change)
    local unit = ''
    for name in string.gmatch(path, '[^.]+') do
      unit = unit == '' and name or unit .. '.' .. name
      count('unit:' .. unit, person, change)
    end
  end
  return room, P .. 'seats:' .. room .. ':' .. person
end

local function isDoubtful(socket)
  local heard = redis.call('ZSCORE', P .. 'nodes', string.match(socket, '^[^.]+'))
  return not heard or tonumber(heard) < now - ${DOUBTFUL_MS}
end
`;

/**
 * ARGV: stay, sockets per person, life of a seat in ms, then socket and value of everybody who came, socket and '' of
 * everybody who left. Repetitions change nothing. Answers `over`, or the rooms concerned and the people in them.
 */
export const CHANGE = script(`${HELPERS}
if not redis.call('ZSCORE', P .. 'stays', ARGV[1]) then return 'over' end
local at = P .. 'at:' .. ARGV[1]
local rooms = {}
for i = 4, #ARGV, 2 do
  local socket, value = ARGV[i], ARGV[i + 1]
  if value ~= '' then
    if redis.call('HSETNX', at, socket, value) == 1 then
      local room, seats = countAll(value, 1)
      rooms[room] = true
      redis.call('ZADD', seats, string.match(value, '%d+$'), socket)
      redis.call('PEXPIRE', seats, ARGV[3])
      if redis.call('ZCARD', seats) > tonumber(ARGV[2]) then
        for _, other in ipairs(redis.call('ZRANGE', seats, 0, -1)) do
          if isDoubtful(other) then redis.call('ZREM', seats, other) end
        end
        local surplus = redis.call('ZCARD', seats) - tonumber(ARGV[2])
        if surplus > 0 then
          local oldest = redis.call('ZPOPMIN', seats, surplus)
          for j = 1, #oldest, 2 do redis.call('PUBLISH', P .. 'surplus', oldest[j]) end
        end
      end
    end
  else
    local known = redis.call('HGET', at, socket)
    if known then
      redis.call('HDEL', at, socket)
      local room, seats = countAll(known, -1)
      rooms[room] = true
      redis.call('ZREM', seats, socket)
    end
  end
end
local answer = {}
for room in pairs(rooms) do
  answer[#answer + 1] = room
  answer[#answer + 1] = redis.call('HLEN', P .. 'room:' .. room)
end
return answer`);

/**
 * ARGV: node, stay, 1 to begin it and 0 to renew it, 1 if stays that were not renewed may be called over.
 * Answers `over` (begin a new one), or whether anything is left to be cleared and all counts.
 */
export const BEAT = script(`${HELPERS}
local stays, over = P .. 'stays', P .. 'over'
if ARGV[3] == '0' and not redis.call('ZSCORE', stays, ARGV[2]) then return 'over' end
redis.call('ZADD', stays, now + ${STAY_MS}, ARGV[2])
redis.call('ZADD', P .. 'nodes', now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', P .. 'nodes', '-inf', now - ${FORGET_NODE_MS})
if ARGV[4] == '1' then
  for _, stay in ipairs(redis.call('ZRANGEBYSCORE', stays, '-inf', now)) do
    redis.call('ZREM', stays, stay)
    redis.call('SADD', over, stay)
  end
end
local stay = redis.call('SRANDMEMBER', over)
if stay then
  local at = P .. 'at:' .. stay
  local found = redis.call('HRANDFIELD', at, ${CLEAR_AT_ONCE}, 'WITHVALUES')
  for i = 1, #found, 2 do
    redis.call('HDEL', at, found[i])
    local _, seats = countAll(found[i + 1], -1)
    if isDoubtful(found[i]) then redis.call('ZREM', seats, found[i]) end
  end
  if redis.call('EXISTS', at) == 0 then redis.call('SREM', over, stay) end
end
return { redis.call('EXISTS', over), redis.call('HGETALL', P .. 'counts') }`);

/** ARGV: node, stay. This node goes. */
export const END = script(`${HELPERS}
redis.call('ZREM', P .. 'nodes', ARGV[1])
if redis.call('ZREM', P .. 'stays', ARGV[2]) == 1 then redis.call('SADD', P .. 'over', ARGV[2]) end
return 1`);
