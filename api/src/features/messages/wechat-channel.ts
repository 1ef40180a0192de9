/**
 * One-time subscription messages of a WeChat service account: the person says "yes" once on WeChat's own page, which is the
 * right to one message for that scene.
 *
 * Source: developers.weixin.qq.com, "One-time subscription messages" and "getStableAccessToken".
 * Invariants: the access token is fetched and kept in one place, by one call at a time; it and the secret are in no log and in
 * no error; an answer of WeChat never throws. The normal mode of `stable_token` gives every node the same token, so nodes do
 * not put each other's out of force; the forced mode is for a token that WeChat itself calls invalid, at most every 30 s.
 */
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import type { ChannelAddress, Delivery, MessageChannel, OutgoingMessage } from './message-channel.ts';
import { textOf } from './message-text.ts';

export interface WechatConfig {
  readonly appId: string;
  readonly appSecret: string;
  readonly templateId: string;
  readonly apiUrl: string;
  /** Origin of the player, for the link in the message. */
  readonly publicUrl: string;
}

const CALL_TIMEOUT_MS = 5_000;
/** A token is not used in its last minutes: WeChat makes the next one five minutes before. */
const TOKEN_MARGIN_MS = 5 * 60_000;
const SHORTEST_TOKEN_MS = 30_000;
const FORCE_EVERY_MS = 30_000;
/** Limits of the message, in characters. */
const TITLE_LENGTH = 15;
const CONTENT_LENGTH = 200;
const CONTENT_COLOR = '#1f2a22';

const TokenReply = z.object({
  access_token: z.string().min(1).optional(),
  expires_in: z.number().optional(),
  errcode: z.number().optional(),
});
const SendReply = z.object({ errcode: z.number(), errmsg: z.string().optional() });

/** The token is expired or was never one. */
const TOKEN_CODES = new Set([40_001, 40_014, 42_001]);
/** The person has said no, took it back, or the one message was spent. */
const REFUSED_CODES = new Set([43_101, 43_004, 40_003]);
const BAD_DATA_CODES = new Set([47_003, 47_001, 40_037, 41_030, 44_002, 44_004, 45_002, 45_004]);
/** Too many calls: of the day, of the minute. */
const LIMIT_CODES = new Map([
  [45_009, 1_800],
  [45_011, 60],
]);

export class WechatError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`wechat answered ${code}`);
    this.code = code;
  }
}

export function createWechatTokens(deps: { config: WechatConfig; clock: Clock }) {
  const { config, clock } = deps;
  let kept: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;
  let forcedAt = Number.NEGATIVE_INFINITY;

  async function ask(force: boolean): Promise<string> {
    const reply = TokenReply.parse(
      await postJson(`${config.apiUrl}/cgi-bin/stable_token`, {
        grant_type: 'client_credential',
        appid: config.appId,
        secret: config.appSecret,
        force_refresh: force,
      }),
    );
    if (!reply.access_token) throw new WechatError(reply.errcode ?? -1);
    const lastsMs = (reply.expires_in ?? 0) * 1_000;
    kept = {
      token: reply.access_token,
      until: clock.now().getTime() + Math.max(lastsMs - TOKEN_MARGIN_MS, SHORTEST_TOKEN_MS),
    };
    return reply.access_token;
  }
  const askOnce = (work: () => Promise<string>): Promise<string> => {
    asking ??= work().finally(() => {
      asking = undefined;
    });
    return asking;
  };

  return {
    get(): Promise<string> {
      if (kept && kept.until > clock.now().getTime()) return Promise.resolve(kept.token);
      return askOnce(() => ask(false));
    },
    /** WeChat did not take `bad`. Somebody else may have fetched the next one; if not, a new one is forced. */
    replace(bad: string): Promise<string> {
      if (kept && kept.token !== bad) return Promise.resolve(kept.token);
      return askOnce(async () => {
        const again = await ask(false);
        if (again !== bad) return again;
        const now = clock.now().getTime();
        if (now - forcedAt < FORCE_EVERY_MS) throw new WechatError(40_001);
        forcedAt = now;
        return ask(true);
      });
    },
  };
}

export function createWechatChannel(deps: { config: WechatConfig; clock: Clock }): MessageChannel {
  const { config } = deps;
  const tokens = createWechatTokens(deps);

  async function send(token: string, message: OutgoingMessage, address: ChannelAddress): Promise<number> {
    const { title, content } = textOf(message.kind, message.content);
    const url = new URL(message.roomId ? `/r/${message.roomId}` : '/me', config.publicUrl);
    const reply = SendReply.parse(
      await postJson(`${config.apiUrl}/cgi-bin/message/template/subscribe?access_token=${encodeURIComponent(token)}`, {
        touser: address.openid,
        template_id: config.templateId,
        url: url.href,
        scene: String(address.scene),
        title: [...title].slice(0, TITLE_LENGTH).join(''),
        data: { content: { value: [...content].slice(0, CONTENT_LENGTH).join(''), color: CONTENT_COLOR } },
      }),
    );
    return reply.errcode;
  }

  return {
    name: 'wechat',
    async deliver(message, address): Promise<Delivery> {
      try {
        const token = await tokens.get();
        let code = await send(token, message, address);
        if (TOKEN_CODES.has(code)) code = await send(await tokens.replace(token), message, address);
        return outcomeOf(code);
      } catch (error) {
        // Its text alone: an error of fetch may carry the address, and with it the token.
        if (error instanceof WechatError) return outcomeOf(error.code);
        return {
          done: 'later',
          error: error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'unreachable',
        };
      }
    },
  };
}

export function outcomeOf(code: number): Delivery {
  if (code === 0) return { done: 'sent' };
  const error = `wechat ${code}`;
  if (REFUSED_CODES.has(code)) return { done: 'refused', error };
  if (BAD_DATA_CODES.has(code)) return { done: 'bad_data', error };
  const afterSeconds = LIMIT_CODES.get(code);
  return afterSeconds === undefined ? { done: 'later', error } : { done: 'later', error, afterSeconds };
}

async function postJson(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    redirect: 'error',
  });
  return response.json();
}
