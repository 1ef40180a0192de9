/**
 * A counterpart of WeChat Pay for tests, made from the rules of its merchant documentation: it believes no request that is not
 * signed by the merchant, fresh and new; signs what it answers; keeps trades and refunds by the merchant's numbers; calls back
 * with sealed news. It can be made to fail the way the real one does.
 */
import {
  createCipheriv,
  createHash,
  createSign,
  createVerify,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { selfSigned } from './certificates.ts';
import { tradeBill } from './wechat-pay-bill.ts';
import { createTransfers } from './wechat-pay-transfers.ts';
import { type Refund, type Reply, refuse, type Trade } from './wechat-pay-types.ts';

/** What becomes of the next answers: given as they are, not at all (the effect stays), with an error, or signed wrongly. */
export type Fate = 'answer' | 'lose' | 'break' | 'forge' | 'probe' | 'stale';

const WINDOW_SECONDS = 300;
const OWN_ORIGIN = 'https://api.mch.weixin.qq.com';

export async function startWechatPay(options: { clock?: { now(): Date } } = {}) {
  const clock = options.clock ?? { now: () => new Date() };
  const merchantKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const platformKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let certificateKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const merchantId = '1900000109';
  const appId = 'wx8888888888888888';
  const serial = randomBytes(20).toString('hex').toUpperCase();
  const apiV3Key = randomBytes(16).toString('hex');
  const publicKeyId = `PUB_KEY_ID_${randomBytes(16).toString('hex')}`;
  let certificate = newCertificate(certificateKeys.privateKey);
  /** Callbacks; answers are signed by the key that the request names, and without one by the certificate. */
  let signsBy: 'public-key' | 'certificate' = 'public-key';
  let isHanging = false;
  /** Refunds being answered, slowly while they are watched. */
  const atRefunds = { now: 0, most: 0, watched: false };

  const trades = new Map<string, Trade>();
  const refunds = new Map<string, Refund>();
  const files = new Map<string, Buffer>();
  const nonces = new Set<string>();
  const requests: string[] = [];
  const named: (string | undefined)[] = [];
  const fates: Fate[] = [];
  const listeners: (() => void)[] = [];
  const meanwhile = new Map<string, () => Promise<unknown>>();
  let refundStatus: Refund['status'] = 'SUCCESS';
  /** What is refused instead of being done, by a part of its path. */
  const refusals: { path: string; status: number; code: string; message?: string }[] = [];
  /** What trades are said to be instead of what they are. */
  const untruths = new Map<string, object>();
  /** A bill is made once, and says what was true then. */
  const bills = new Map<string, string | null>();
  const transfers = createTransfers({
    ...{ clock, merchantId, appId },
    keyOf: (named) => (named === publicKeyId ? platformKeys.privateKey : certificateKeys.privateKey),
  });
  /** What the bill of a day says instead of the truth. */
  let billEdit: (csv: string) => string | null = (csv) => csv;

  function newCertificate(privateKey: KeyObject) {
    const notAfter = new Date(clock.now().getTime() + 365 * 86_400_000);
    return { serial: randomBytes(20).toString('hex').toUpperCase(), pem: selfSigned(privateKey, notAfter), notAfter };
  }
  const seal = (text: string, associated: string) => {
    const nonce = randomBytes(6).toString('hex');
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), nonce);
    cipher.setAAD(Buffer.from(associated));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return {
      algorithm: 'AEAD_AES_256_GCM',
      nonce,
      associated_data: associated,
      ciphertext: sealed.toString('base64'),
    };
  };
  function signedHeaders(body: Buffer, fate: Fate = 'answer', by = signsBy): Record<string, string> {
    const offset = fate === 'stale' ? -WINDOW_SECONDS - 60 : 0;
    const timestamp = String(Math.floor(clock.now().getTime() / 1000) + offset);
    const nonce = randomBytes(16).toString('hex');
    const genuine = createSign('RSA-SHA256')
      .update(`${timestamp}\n${nonce}\n`)
      .update(body)
      .update('\n')
      .sign((by === 'certificate' ? certificateKeys : platformKeys).privateKey, 'base64');
    const forged = randomBytes(256).toString('base64');
    return {
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': nonce,
      'wechatpay-serial': by === 'certificate' ? certificate.serial : publicKeyId,
      'wechatpay-signature': fate === 'forge' ? forged : fate === 'probe' ? `WECHATPAY/SIGNTEST/${genuine}` : genuine,
    };
  }

  /** Null, or why the request is not the merchant's. */
  function unbelievable({ method, url, headers }: IncomingMessage, body: string): string | null {
    const value = headers.authorization ?? '';
    if (!value.startsWith('WECHATPAY2-SHA256-RSA2048 ')) return 'schema';
    const fields = Object.fromEntries([...value.matchAll(/(\w+)="([^"]*)"/g)].map((m) => [m[1], m[2]]));
    const { mchid, nonce_str = '', signature = '', timestamp = '', serial_no } = fields;
    if (mchid !== merchantId || serial_no !== serial) return 'merchant';
    if (Math.abs(clock.now().getTime() / 1000 - Number(timestamp)) > WINDOW_SECONDS) return 'time';
    if (nonce_str.length > 32 || nonces.has(nonce_str)) return 'nonce';
    nonces.add(nonce_str);
    const message = `${method}\n${url}\n${timestamp}\n${nonce_str}\n${body}\n`;
    const genuine = createVerify('RSA-SHA256').update(message).verify(merchantKeys.publicKey, signature, 'base64');
    return genuine ? null : 'signature';
  }

  function prepay(way: string, body: Record<string, unknown>): Reply {
    const { out_trade_no: no, amount, payer, scene_info: scene, description, notify_url: notify } = body;
    const total = (amount as { total?: number } | undefined)?.total;
    const isWellFormed =
      typeof no === 'string' &&
      /^[\w|*-]{6,32}$/.test(no) &&
      Number.isInteger(total) &&
      Number(total) > 0 &&
      body.mchid === merchantId &&
      body.appid === appId &&
      typeof description === 'string' &&
      [...description].length <= 127 &&
      /^https?:\/\/[^?]+$/.test(String(notify)) &&
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/.test(String(body.time_expire));
    const hasPayer =
      way === 'jsapi'
        ? typeof (payer as { openid?: string } | undefined)?.openid === 'string'
        : way !== 'h5' || typeof (scene as { payer_client_ip?: string } | undefined)?.payer_client_ip === 'string';
    // A charge must be open for more than a minute.
    const openMs = Date.parse(String(body.time_expire)) - clock.now().getTime();
    if (!isWellFormed || !hasPayer || openMs <= 60_000) return refuse(400, 'PARAM_ERROR');
    const known = trades.get(no);
    if (known?.state === 'SUCCESS' || known?.state === 'REFUND') return refuse(400, 'ORDERPAID');
    if (known?.state === 'CLOSED') return refuse(400, 'ORDER_CLOSED');
    // The same number is the same charge only with everything else the same.
    if (known && JSON.stringify(known.body) !== JSON.stringify(body)) return refuse(403, 'OUT_TRADE_NO_USED');
    if (!known) trades.set(no, { state: 'NOTPAY', total: Number(total), refunded: 0, body });
    if (way === 'jsapi') return { status: 200, body: { prepay_id: `wx${no.slice(0, 30)}` } };
    if (way === 'h5') return { status: 200, body: { h5_url: `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/${no}` } };
    return { status: 200, body: { code_url: `weixin://wxpay/bizpayurl?pr=${no.slice(0, 8)}` } };
  }

  const tradeView = (no: string, trade: Trade) => ({
    ...{ appid: appId, mchid: merchantId, out_trade_no: no, trade_state: trade.state, trade_state_desc: '' },
    ...(trade.state === 'NOTPAY' ? {} : { transaction_id: `42${no.slice(0, 20)}`, amount: amountOf(trade) }),
    ...untruths.get(no),
  });
  const amountOf = ({ total }: Trade) => ({ total, payer_total: total, currency: 'CNY', payer_currency: 'CNY' });

  function refund(body: Record<string, unknown>): Reply {
    const {
      out_trade_no: tradeNo,
      out_refund_no: refundNo,
      amount,
    } = body as Record<string, string> & {
      amount: { refund: number; total: number };
    };
    const trade = trades.get(tradeNo ?? '');
    if (!trade || !refundNo) return refuse(404, 'RESOURCE_NOT_EXISTS');
    const known = refunds.get(refundNo);
    if (known) {
      const isSame = known.tradeNo === tradeNo && known.refund === amount.refund && known.total === amount.total;
      return isSame ? refundReply(refundNo, known) : refuse(400, 'PARAM_ERROR');
    }
    if (amount.total !== trade.total || trade.refunded + amount.refund > trade.total) return refuse(400, 'PARAM_ERROR');
    if (trade.state !== 'SUCCESS' && trade.state !== 'REFUND') return refuse(400, 'INVALID_REQUEST');
    // One that is closed moves no money.
    if (refundStatus !== 'CLOSED') {
      trade.refunded += amount.refund;
      trade.state = 'REFUND';
    }
    const made = { tradeNo: tradeNo ?? '', ...amount, at: clock.now(), status: refundStatus };
    refunds.set(refundNo, made);
    return refundReply(refundNo, made);
  }
  const refundReply = (no: string, { tradeNo, refund: amount, total, status }: Refund): Reply => ({
    status: 200,
    body: { out_refund_no: no, out_trade_no: tradeNo, status, amount: { refund: amount, total, currency: 'CNY' } },
  });

  function route(method: string, url: URL, body: Record<string, unknown>, named: string | undefined): Reply {
    const { pathname } = url;
    const at = refusals.findIndex(({ path }) => pathname.includes(path));
    const [refusal] = at < 0 ? [] : refusals.splice(at, 1);
    if (refusal) return refuse(refusal.status, refusal.code, refusal.message);
    if (named !== undefined && named !== publicKeyId && named !== certificate.serial) return refuse(400, 'PARAM_ERROR');
    const way = /^\/v3\/pay\/transactions\/(jsapi|h5|native)$/.exec(pathname)?.[1];
    if (method === 'POST' && way) return prepay(way, body);
    const [, tradeNo, closing] = /^\/v3\/pay\/transactions\/out-trade-no\/([\w-]+)(\/close)?$/.exec(pathname) ?? [];
    if (tradeNo) {
      const trade = trades.get(tradeNo);
      if (!trade) return refuse(404, 'ORDER_NOT_EXIST');
      if (!closing) {
        return url.searchParams.get('mchid') === merchantId
          ? { status: 200, body: tradeView(tradeNo, trade) }
          : refuse(400, 'PARAM_ERROR');
      }
      if (trade.state === 'SUCCESS' || trade.state === 'REFUND') return refuse(400, 'ORDERPAID');
      trade.state = 'CLOSED';
      return { status: 204 };
    }
    if (method === 'POST' && pathname === '/v3/refund/domestic/refunds') return refund(body);
    const [, refundNo] = /^\/v3\/refund\/domestic\/refunds\/(\w[\w-]*)$/.exec(pathname) ?? [];
    if (refundNo) {
      const made = refunds.get(refundNo);
      return made ? refundReply(refundNo, made) : refuse(404, 'RESOURCE_NOT_EXISTS');
    }
    if (pathname === '/v3/certificates') {
      const { serial: serial_no, notAfter, pem } = certificate;
      return {
        status: 200,
        body: {
          data: [{ serial_no, expire_time: notAfter.toISOString(), encrypt_certificate: seal(pem, 'certificate') }],
        },
      };
    }
    const moved = transfers.route(method, pathname, body, named);
    if (moved) return moved;
    if (pathname === '/v3/bill/tradebill') return announceBill(url.searchParams);
    const file = files.get(pathname + url.search);
    if (file) return { status: 200, raw: file, unsigned: true };
    return refuse(404, 'NOT_FOUND');
  }

  function announceBill(query: URLSearchParams): Reply {
    const day = query.get('bill_date') ?? '';
    if (query.get('bill_type') !== 'ALL' || query.get('tar_type') !== 'GZIP') return refuse(400, 'PARAM_ERROR');
    const whole = bills.get(day) ?? tradeBill({ day, appId, merchantId, trades, refunds });
    bills.set(day, whole);
    const csv = whole === null ? null : billEdit(whole);
    if (csv === null) return refuse(400, 'NO_STATEMENT_EXIST');
    if (csv === 'creating') return refuse(400, 'STATEMENT_CREATING');
    const path = `/v3/billdownload/file?token=${randomBytes(8).toString('hex')}`;
    files.set(path, gzipSync(csv));
    const hash_value = createHash('sha1').update(csv).digest('hex');
    // At WeChat's own address, whatever address it was asked at.
    return { status: 200, body: { hash_type: 'SHA1', hash_value, download_url: OWN_ORIGIN + path } };
  }

  const tradeNoOf = (url = ''): string => /out-trade-no\/(\w+)/.exec(url)?.[1] ?? '';
  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    requests.push(`${req.method} ${req.url?.split('?')[0]}`);
    for (const told of listeners) told();
    const fault = unbelievable(req, text);
    if (isHanging) return;
    await meanwhile.get(tradeNoOf(req.url))?.();
    const fate = fates.shift() ?? 'answer';
    if (fate === 'break') return void res.writeHead(500).end('{"code":"SYSTEM_ERROR","message":"系统错误"}');
    const url = new URL(req.url ?? '/', 'http://counterpart');
    const isWatched = atRefunds.watched && req.url === '/v3/refund/domestic/refunds';
    if (isWatched) {
      atRefunds.most = Math.max(atRefunds.most, ++atRefunds.now);
      await new Promise((resolve) => setTimeout(resolve, 50));
      atRefunds.now--;
    }
    const by = req.headers['wechatpay-serial'] as string | undefined;
    named.push(by);
    const reply = fault
      ? refuse(401, `SIGN_ERROR`)
      : route(req.method ?? '', url, text === '' ? {} : JSON.parse(text), by);
    if (fate === 'lose') return void req.socket.destroy();
    const bytes = reply.raw ?? (reply.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(reply.body)));
    res.writeHead(reply.status, {
      'content-type': 'application/json',
      ...(reply.unsigned ? {} : signedHeaders(bytes, fate, by === publicKeyId ? 'public-key' : 'certificate')),
    });
    res.end(bytes);
  }

  const server = createServer(
    (req, res) => void answer(req, res).catch((error: unknown) => res.destroy(error as Error)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    merchantId,
    appId,
    serial,
    apiV3Key,
    privateKeyPem: merchantKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: {
      id: publicKeyId,
      pem: platformKeys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    },
    trades,
    refunds,
    /** What was asked, in order: method and path. */
    requests,
    /** The key that each request named for its answer. */
    named,
    /** For the next answers, in order. */
    fates,
    setRefundStatus(status: Refund['status']): void {
      refundStatus = status;
    },
    signBy(way: 'public-key' | 'certificate'): void {
      signsBy = way;
    },
    /** A new platform certificate, as WeChat changes them. */
    renewCertificate(): void {
      certificateKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
      certificate = newCertificate(certificateKeys.privateKey);
    },
    /** Told while a request waits for its answer. */
    onCall: (told: () => void) => void listeners.push(told),
    /** From now on refunds take their time, and are counted. */
    watchRefunds(): void {
      Object.assign(atRefunds, { most: 0, watched: true });
    },
    mostRefundsAtOnce: () => atRefunds.most,
    refusals,
    untruths,
    /** By a trade's number: done while a question about it waits for its answer. */
    meanwhile,
    /** Requests are taken and never answered, until it ends. */
    hang(on: boolean): void {
      isHanging = on;
      if (!on) server.closeAllConnections();
    },
    /** WeChat makes the bill of a day anew, as it does when it put something right. */
    remakeBill: (day: string) => bills.delete(day),
    offer(path: string, file: Buffer): string {
      files.set(path, file);
      return origin + path;
    },
    /** The payer pays on their phone. */
    pay(tradeNo: string): void {
      const trade = trades.get(tradeNo);
      if (trade?.state !== 'NOTPAY') throw new Error(`trade ${tradeNo} is ${trade?.state}`);
      trade.state = 'SUCCESS';
      trade.paidAt = clock.now();
    },
    transfers,
    /** What bills say instead of the truth; null: there is none, 'creating': not yet. */
    editBills(edit: (csv: string) => string | null): void {
      billEdit = edit;
    },
    /** A callback as it would be sent: its headers and its bytes. */
    news(
      eventType: string,
      resource: object,
      fate?: Fate,
      id = randomBytes(16).toString('hex'),
      /** Bytes that are missing at the end of what is sealed. */
      { cut = 0 } = {},
    ) {
      const sealed = seal(JSON.stringify(resource), 'transaction');
      const bytes = Buffer.from(sealed.ciphertext, 'base64');
      const ciphertext = bytes.subarray(0, bytes.length - cut).toString('base64');
      const body = Buffer.from(
        JSON.stringify({
          id,
          create_time: clock.now().toISOString(),
          event_type: eventType,
          resource_type: 'encrypt-resource',
          resource: { original_type: 'transaction', ...sealed, ciphertext },
        }),
      );
      return { body, headers: signedHeaders(body, fate) };
    },
    paidNews: (tradeNo: string, more: object = {}) => {
      const trade = trades.get(tradeNo);
      if (!trade) throw new Error(`no trade ${tradeNo}`);
      return { ...tradeView(tradeNo, trade), success_time: clock.now().toISOString(), ...more };
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
export type WechatPayCounterpart = Awaited<ReturnType<typeof startWechatPay>>;
