/**
 * WeChat's side of one-time subscription messages, on a free port, by its published rules: an access token lasts 7,200 s and
 * asking again gives the same one; a forced one puts the others out of force; one "yes" of a person for a scene allows one
 * message; titles have 15 characters, contents 200. Answers are HTTP 200 with an `errcode`, as WeChat's are.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';

const TOKEN_SECONDS = 7_200;
const FORCE_EVERY_MS = 30_000;
const ACCOUNT = { appId: 'wx0000000000000001', appSecret: 'a-secret-that-no-log-shows', templateId: 'tpl-room-news' };

const TokenBody = z.object({
  grant_type: z.string(),
  appid: z.string(),
  secret: z.string(),
  force_refresh: z.boolean().optional(),
});
const SendBody = z.object({
  touser: z.string(),
  template_id: z.string(),
  url: z.url(),
  scene: z.string().regex(/^\d{1,5}$/),
  title: z.string(),
  data: z.object({ content: z.object({ value: z.string(), color: z.string() }) }),
});
export interface SentByWechat {
  readonly openid: string;
  readonly scene: number;
  readonly title: string;
  readonly content: string;
  readonly url: string;
}

export async function startWechatStandIn(clock: Clock) {
  let made = 0;
  let token: { value: string; until: number } | undefined;
  let forcedAt = Number.NEGATIVE_INFINITY;
  const outOfForce = new Set<string>();
  const grants = new Set<string>();
  const sent: SentByWechat[] = [];
  const calls: string[] = [];
  const nextAnswers: (number | 'drop')[] = [];

  const fresh = (): string => {
    if (token) outOfForce.add(token.value);
    token = { value: `token-${++made}`, until: clock.now().getTime() + TOKEN_SECONDS * 1_000 };
    return token.value;
  };
  function answerToken(body: unknown): object {
    const asked = TokenBody.parse(body);
    if (asked.appid !== ACCOUNT.appId) return { errcode: 40_013, errmsg: 'invalid appid' };
    if (asked.secret !== ACCOUNT.appSecret) return { errcode: 40_125, errmsg: 'invalid appsecret' };
    const now = clock.now().getTime();
    if (asked.force_refresh) {
      if (now - forcedAt < FORCE_EVERY_MS) return { errcode: 45_011, errmsg: 'api minute-quota reach limit' };
      forcedAt = now;
      fresh();
    } else if (!token || token.until <= now) fresh();
    return { access_token: token?.value, expires_in: Math.floor(((token?.until ?? now) - now) / 1_000) };
  }
  function answerSend(given: string, raw: unknown): object {
    const planned = nextAnswers.shift();
    if (typeof planned === 'number' && planned !== 0) return { errcode: planned, errmsg: 'as planned' };
    if (!token || (given !== token.value && !outOfForce.has(given)))
      return { errcode: 40_001, errmsg: 'invalid credential' };
    if (outOfForce.has(given)) return { errcode: 40_001, errmsg: 'invalid credential, access_token is not latest' };
    if (token.until <= clock.now().getTime()) return { errcode: 42_001, errmsg: 'access_token expired' };
    const parsed = SendBody.safeParse(raw);
    if (!parsed.success) return { errcode: 47_001, errmsg: 'data format error' };
    const { touser, scene, template_id, title, data, url } = parsed.data;
    if (template_id !== ACCOUNT.templateId) return { errcode: 40_037, errmsg: 'invalid template_id' };
    if ([...title].length > 15 || [...data.content.value].length > 200 || data.content.value === '')
      return { errcode: 47_003, errmsg: 'argument invalid' };
    if (!grants.delete(`${touser} ${scene}`)) return { errcode: 43_101, errmsg: 'user refuse to accept the msg' };
    sent.push({ openid: touser, scene: Number(scene), title, content: data.content.value, url });
    return { errcode: 0, errmsg: 'ok' };
  }

  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '/', 'http://wechat');
    void (async () => {
      let text = '';
      for await (const chunk of req) text += String(chunk);
      calls.push(url.pathname);
      if (url.pathname.endsWith('/subscribe') && nextAnswers[0] === 'drop') {
        nextAnswers.shift();
        return void req.socket.destroy();
      }
      const body: unknown = JSON.parse(text);
      const reply =
        url.pathname === '/cgi-bin/stable_token'
          ? answerToken(body)
          : url.pathname === '/cgi-bin/message/template/subscribe'
            ? answerSend(url.searchParams.get('access_token') ?? '', body)
            : { errcode: 48_001, errmsg: 'api unauthorized' };
      res.setHeader('content-type', 'application/json; encoding=utf-8');
      res.end(JSON.stringify(reply));
    })().catch(() => req.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...ACCOUNT,
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: sent as readonly SentByWechat[],
    calls: calls as readonly string[],
    /** The person says "yes" on WeChat's page. */
    allow: (openid: string, scene: number) => void grants.add(`${openid} ${scene}`),
    /** Somebody else forced a new token: ours is out of force. */
    forceElsewhere: () => void fresh(),
    /** What the next sends are answered; 'drop' breaks the connection, 0 leaves it to the rules. */
    answer: (...answers: readonly (number | 'drop')[]) => void nextAnswers.push(...answers),
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
