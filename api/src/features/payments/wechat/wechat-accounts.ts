/**
 * Who a person is to WeChat (openid), which JSAPI needs: asked with OAuth's silent scope, kept for each app.
 *
 * The way there carries a state that names the person, ends after ten minutes and has a MAC; the way back leads to a page of
 * ours, which tells the code as the signed-in person. So nobody can be made to be somebody else in WeChat by a link.
 * Source: WeChat's documentation "网页授权" (snsapi_base).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../platform/clock.ts';
import type { Db, Sql } from '../../../platform/db.ts';
import { AppError } from '../../../platform/errors.ts';

const ASK_URL = 'https://open.weixin.qq.com/connect/oauth2/authorize';
const STATE_SECONDS = 600;
const MAC_LENGTH = 32;
const CALL_TIMEOUT_MS = 5_000;
const State = /^([0-9a-f]{32})([0-9a-f]{8})([0-9a-f]{32})$/;
const Answer = z.object({ openid: z.string().min(1).max(128).optional(), errcode: z.number().optional() });

export function createWechatAccounts(deps: {
  db: Db;
  clock: Clock;
  appId: string;
  /** Undefined: nobody can be asked, and only who is known can pay by JSAPI. */
  appSecret: string | undefined;
  /** Whether the people who said "yes" to messages said so in the same app. */
  sharesMessages: boolean;
  apiUrl: string;
  publicUrl: string;
  /** Signs the state. */
  secret: string;
}) {
  const { db, clock, appId } = deps;

  const macOf = (text: string): string =>
    createHmac('sha256', deps.secret).update(`walnut-live wechat account ${text}`).digest('hex').slice(0, MAC_LENGTH);

  function stateFor(personId: string): string {
    const until = Math.floor(clock.now().getTime() / 1_000) + STATE_SECONDS;
    const text = personId.replaceAll('-', '') + until.toString(16).padStart(8, '0');
    return text + macOf(text);
  }

  /** @throws AppError forbidden: forged, late, or another person's */
  function requireState(personId: string, state: string): void {
    const [, person = '', until = '', mac = ''] = State.exec(state) ?? [];
    const isGenuine = mac !== '' && timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(person + until)));
    const isLate = Number.parseInt(until || '0', 16) * 1_000 < clock.now().getTime();
    if (!isGenuine || isLate || person !== personId.replaceAll('-', '')) throw new AppError('forbidden');
  }

  async function exchange(code: string, appSecret: string): Promise<string> {
    const query = new URLSearchParams({ appid: appId, secret: appSecret, code, grant_type: 'authorization_code' });
    let answer: z.infer<typeof Answer>;
    try {
      const response = await fetch(`${deps.apiUrl}/sns/oauth2/access_token?${query}`, {
        redirect: 'error',
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      answer = Answer.parse(await response.json());
    } catch {
      // Without its cause: an error of fetch may carry the address, and with it the secret.
      throw new AppError('provider_unavailable', { detail: 'wechat account', retryAfterSeconds: 5 });
    }
    if (answer.openid === undefined) throw new AppError('forbidden', { facts: { errcode: answer.errcode ?? null } });
    return answer.openid;
  }

  return {
    /** Where WeChat tells who they are, back to the cashier of this payment; null where nobody can be asked. */
    askUrl(personId: string, paymentId: string): string | null {
      if (deps.appSecret === undefined) return null;
      const query = new URLSearchParams({
        appid: appId,
        redirect_uri: new URL(`/pay/${paymentId}`, deps.publicUrl).href,
        response_type: 'code',
        scope: 'snsapi_base',
        state: stateFor(personId),
      });
      return `${ASK_URL}?${query}#wechat_redirect`;
    },

    /** Read through `sql`, so that whoever holds a transaction needs no second connection. */
    async openIdOf(sql: Sql, personId: string): Promise<string | undefined> {
      const [known] = await sql<{ openid: string }>`
        SELECT openid FROM wechat_accounts WHERE person_id = ${personId} AND app_id = ${appId}`;
      if (known || !deps.sharesMessages) return known?.openid;
      const [granted] = await sql<{ openid: string }>`
        SELECT openid FROM wechat_grants WHERE person_id = ${personId} ORDER BY granted_at DESC LIMIT 1`;
      return granted?.openid;
    },

    /** @throws AppError forbidden, not_found, provider_unavailable */
    async learn(personId: string, { code, state }: { code: string; state: string }): Promise<void> {
      if (deps.appSecret === undefined) throw new AppError('not_found');
      requireState(personId, state);
      const openid = await exchange(code, deps.appSecret);
      await db.sql`INSERT INTO wechat_accounts (person_id, app_id, openid, seen_at)
        VALUES (${personId}, ${appId}, ${openid}, ${clock.now()})
        ON CONFLICT (person_id, app_id) DO UPDATE SET openid = excluded.openid, seen_at = excluded.seen_at`;
    },
  };
}
export type WechatAccounts = ReturnType<typeof createWechatAccounts>;
