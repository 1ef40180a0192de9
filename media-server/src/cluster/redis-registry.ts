/**
 * The registry in Redis. Everything that decides is one script, so that two hosts never both win.
 *
 * Keys: `walnut:media:node:ID` (JSON, expires), `walnut:media:nodes` (sorted set of ids by the time of their last entry,
 * by Redis' clock: those of the hosts differ),
 * `walnut:media:origin:STREAM` (JSON of a claim, expires), `walnut:media:fence` (last fence). A fence is at least Redis' own
 * clock in milliseconds (13 digits; the scripts' JSON keeps 14): one that lost its data goes on above what it gave before.
 * Changes are published on `walnut:media:origins`.
 */
import { MediaNode } from '@walnut-live/contracts';
import { createClient } from 'redis';
import { z } from 'zod';
import { createSignal } from '../platform/closing.ts';
import type { Logger } from '../platform/logger.ts';
import { type OriginClaim, REGISTRY_LIFE_MS, type Registry } from './registry.ts';

const PREFIX = 'walnut:media:';
const NODES = `${PREFIX}nodes`;
const FENCE = `${PREFIX}fence`;
const CHANNEL = `${PREFIX}origins`;
const RETRY_MS = 250;
const CONNECT_TIMEOUT_MS = 1_000;
/** A call that takes longer counts as failed: its caller goes on with what it knows. */
const CALL_TIMEOUT_MS = 800;
/** A connection over which nothing comes back is noticed by pinging. */
const PING_MS = 1_000;
const FORGET_NODE_MS = 60_000;

const claimSchema: z.ZodType<OriginClaim> = z.object({
  streamId: z.string(),
  nodeId: z.string(),
  incarnation: z.string(),
  fence: z.number(),
  publisher: z.string(),
});
const changeSchema = z.object({ streamId: z.string(), claim: z.nullable(claimSchema) });

const SAME = 'local function same(a, b) return a.nodeId == b.nodeId and a.incarnation == b.incarnation end\n';
/** KEYS: origin, fence. ARGV: request, life, fence that may be replaced or ''. */
const CLAIM = `${SAME}
local asked = cjson.decode(ARGV[1])
local text = redis.call('GET', KEYS[1])
if text then
  local current = cjson.decode(text)
  if same(current, asked) then
    asked.fence = current.fence
    local own = cjson.encode(asked)
    redis.call('SET', KEYS[1], own, 'PX', ARGV[2])
    return own
  end
  if string.format('%.0f', current.fence) ~= ARGV[3] then return text end
end
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
asked.fence = math.max(last + 1, time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('SET', KEYS[2], string.format('%.0f', asked.fence))
local given = cjson.encode(asked)
redis.call('SET', KEYS[1], given, 'PX', ARGV[2])
redis.call('PUBLISH', '${CHANNEL}', '{"streamId":' .. cjson.encode(asked.streamId) .. ',"claim":' .. given .. '}')
return given`;
/** KEYS: origin. ARGV: claim, life. */
const RENEW = `${SAME}
local text = redis.call('GET', KEYS[1])
if text and not same(cjson.decode(text), cjson.decode(ARGV[1])) then return text end
local kept = text or ARGV[1]
redis.call('SET', KEYS[1], kept, 'PX', ARGV[2])
return kept`;
/** KEYS: origin. ARGV: claim, stream id. */
const RELEASE = `${SAME}
local text = redis.call('GET', KEYS[1])
if not text or not same(cjson.decode(text), cjson.decode(ARGV[1])) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', '${CHANNEL}', '{"streamId":' .. cjson.encode(ARGV[2]) .. ',"claim":null}')
return 1`;
/** KEYS: node, nodes. ARGV: node, life, id, how long an id stays without an entry. */
const ANNOUNCE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], string.format('%.0f', now), ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], 0, string.format('%.0f', now - ARGV[4]))
return 1`;
/** KEYS: node, nodes. ARGV: incarnation, id. */
const WITHDRAW = `
local text = redis.call('GET', KEYS[1])
if text and cjson.decode(text).incarnation == ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[2])
end
return 1`;

/** What somebody else wrote may be no JSON: it is undefined then, which no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Connects in the background and again whenever the connection is lost. */
export function openRedisRegistry(options: { url: string; log: Logger; lifeMs?: number }): Registry {
  const { log } = options;
  const life = String(options.lifeMs ?? REGISTRY_LIFE_MS);
  const changed = createSignal<{ streamId: string; claim: OriginClaim | null }>();
  let wasReady = false;
  let closed = false;
  const client = createClient({
    url: options.url,
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: () => RETRY_MS },
  });
  const listener = client.duplicate({ disableOfflineQueue: false });
  client.on('ready', () => {
    wasReady = true;
    log.info('registry reached');
  });
  client.on('error', (error: unknown) => {
    if (wasReady) log.warn({ err: error }, 'registry lost: running streams go on with what is known');
    wasReady = false;
  });
  listener.on('error', () => undefined); // said by the other connection
  for (const connection of [client, listener]) connection.connect().catch(() => undefined);
  listener
    .subscribe(CHANNEL, (text) => {
      const parsed = changeSchema.safeParse(parseJson(text));
      if (parsed.success) changed.emit(parsed.data);
    })
    .catch((error: unknown) => {
      if (!closed) log.error({ err: error }, 'registry changes are not heard');
    });

  async function call<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('the registry did not answer in time')), CALL_TIMEOUT_MS);
      });
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
  const run = (script: string, keys: string[], args: string[]): Promise<unknown> =>
    call(client.eval(script, { keys, arguments: args }));
  const originKey = (streamId: string): string => `${PREFIX}origin:${streamId}`;
  const readClaim = (text: unknown): OriginClaim => claimSchema.parse(JSON.parse(String(text)));

  return {
    async announce(node) {
      const keys = [`${PREFIX}node:${node.nodeId}`, NODES];
      await run(ANNOUNCE, keys, [JSON.stringify(node), life, node.nodeId, String(FORGET_NODE_MS)]);
    },
    async withdraw({ nodeId, incarnation }) {
      await run(WITHDRAW, [`${PREFIX}node:${nodeId}`, NODES], [incarnation, nodeId]);
    },
    async nodes() {
      const ids = await call(client.zRange(NODES, 0, -1));
      if (ids.length === 0) return [];
      const texts = await call(client.mGet(ids.map((id) => `${PREFIX}node:${id}`)));
      return texts.flatMap((text) => {
        const parsed = text === null ? null : MediaNode.safeParse(parseJson(text));
        return parsed?.success ? [parsed.data] : [];
      });
    },
    async claim({ over, ...request }) {
      const replaced = over === undefined ? '' : String(over);
      const answer = await run(CLAIM, [originKey(request.streamId), FENCE], [JSON.stringify(request), life, replaced]);
      return readClaim(answer);
    },
    async renew(claims) {
      const answers = await Promise.all(
        claims.map((claim) => run(RENEW, [originKey(claim.streamId)], [JSON.stringify(claim), life])),
      );
      return answers.map(readClaim);
    },
    async release(claim) {
      await run(RELEASE, [originKey(claim.streamId)], [JSON.stringify(claim), claim.streamId]);
    },
    async originOf(streamId) {
      const text = await call(client.get(originKey(streamId)));
      return text === null ? null : readClaim(text);
    },
    onChange: (heard) => changed.subscribe(({ streamId, claim }) => heard(streamId, claim)),
    async close() {
      if (closed) return;
      closed = true;
      client.destroy();
      listener.destroy();
    },
  };
}
