/**
 * The token of a share link (rule A6): small enough for a QR code, nothing in it that can be changed unseen.
 *
 *   byte  0       version (1)
 *   byte  1       channel (bits 0–4); bit 7 set when a product follows, bit 6 content, bit 5 a group buy
 *   bytes 2–17    link id · 18–33 sharer id · 34–49 room id
 *   16 more each  product id, content id, group buy id, in this order, as the bits say
 *   next 4        issued at, seconds since 1970, big endian
 *   last 12       HMAC-SHA256 over everything before, cut to 96 bits
 *
 * base64url without padding: 88 characters, 110 with a product, content or group. Only the canonical spelling is accepted.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const SHARE_TOKEN_DAYS = 30;
const DAY_SECONDS = 86_400;
/** A clock that runs behind the one that issued the token may read it this much early. */
const CLOCK_SKEW_SECONDS = 300;
const VERSION = 1;
/** What may follow the room, by its bit, in the order in which it does. */
const FOLLOWING = [
  ['productId', 0x80],
  ['contentId', 0x40],
  ['groupBuyId', 0x20],
] as const;
const CHANNEL_BITS = 0x1f;
const MAC_BYTES = 12;
const ISSUED_AT_BYTES = 4;
const UUID_BYTES = 16;
const HEAD_BYTES = 2 + 3 * UUID_BYTES;
const SHORT_BYTES = HEAD_BYTES + ISSUED_AT_BYTES + MAC_BYTES;

/** Order is part of the format: append only. */
export const shareChannels = ['copy', 'poster', 'wechat', 'moments', 'other'] as const;
export type ShareChannel = (typeof shareChannels)[number];

export interface ShareTokenFacts {
  readonly linkId: string;
  readonly sharerId: string;
  readonly roomId: string;
  readonly productId: string | null;
  readonly contentId: string | null;
  readonly groupBuyId: string | null;
  readonly channel: ShareChannel;
  readonly issuedAt: Date;
}
export type ShareTokenReading =
  | { readonly ok: true; readonly facts: ShareTokenFacts }
  /** `roomId` as far as it could be read; it is a wish, not a fact. */
  | { readonly ok: false; readonly reason: 'malformed' | 'forged' | 'expired'; readonly roomId: string | null };

const uuidToBytes = (uuid: string) => Buffer.from(uuid.replaceAll('-', ''), 'hex');
const bytesToUuid = (bytes: Buffer) =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const macOf = (key: Buffer, body: Buffer) => createHmac('sha256', key).update(body).digest().subarray(0, MAC_BYTES);

/** A key for one purpose, so that a share token can never be mistaken for anything else made with the same secret. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return createHmac('sha256', secret).update(`walnut-live ${purpose}`).digest();
}

export function encodeShareToken(key: Buffer, facts: ShareTokenFacts): string {
  const channel = shareChannels.indexOf(facts.channel);
  const issuedAt = Buffer.alloc(ISSUED_AT_BYTES);
  issuedAt.writeUInt32BE(Math.floor(facts.issuedAt.getTime() / 1000));
  const there = FOLLOWING.flatMap(([name, bit]) => (facts[name] === null ? [] : [{ id: facts[name], bit }]));
  const body = Buffer.concat([
    Buffer.from([VERSION, there.reduce((bits, { bit }) => bits | bit, channel)]),
    uuidToBytes(facts.linkId),
    uuidToBytes(facts.sharerId),
    uuidToBytes(facts.roomId),
    ...there.map(({ id }) => uuidToBytes(id)),
    issuedAt,
  ]);
  return Buffer.concat([body, macOf(key, body)]).toString('base64url');
}

export function readShareToken(key: Buffer, token: string, now: Date): ShareTokenReading {
  const bytes = /^[\w-]{20,200}$/.test(token) ? Buffer.from(token, 'base64url') : Buffer.alloc(0);
  const says = bytes[1] ?? 0;
  const there = FOLLOWING.filter(([, bit]) => (says & bit) !== 0).map(([name]) => name);
  const roomId = bytes.length >= HEAD_BYTES ? bytesToUuid(bytes.subarray(34, 50)) : null;
  const channel = shareChannels[says & CHANNEL_BITS];
  const wellFormed =
    bytes[0] === VERSION &&
    channel !== undefined &&
    bytes.length === SHORT_BYTES + there.length * UUID_BYTES &&
    bytes.toString('base64url') === token;
  if (!wellFormed) return { ok: false, reason: 'malformed', roomId };

  const body = bytes.subarray(0, -MAC_BYTES);
  if (!timingSafeEqual(macOf(key, body), bytes.subarray(-MAC_BYTES))) return { ok: false, reason: 'forged', roomId };
  const issuedAtSeconds = body.readUInt32BE(body.length - ISSUED_AT_BYTES);
  const ageSeconds = now.getTime() / 1000 - issuedAtSeconds;
  if (ageSeconds > SHARE_TOKEN_DAYS * DAY_SECONDS || ageSeconds < -CLOCK_SKEW_SECONDS)
    return { ok: false, reason: 'expired', roomId };
  const following = (name: (typeof there)[number]): string | null => {
    const at = HEAD_BYTES + there.indexOf(name) * UUID_BYTES;
    return there.includes(name) ? bytesToUuid(bytes.subarray(at, at + UUID_BYTES)) : null;
  };
  return {
    ok: true,
    facts: {
      linkId: bytesToUuid(bytes.subarray(2, 18)),
      sharerId: bytesToUuid(bytes.subarray(18, 34)),
      roomId: bytesToUuid(bytes.subarray(34, 50)),
      productId: following('productId'),
      contentId: following('contentId'),
      groupBuyId: following('groupBuyId'),
      channel,
      issuedAt: new Date(issuedAtSeconds * 1000),
    },
  };
}

/**
 * When the token handed out now counts as issued: the link's birth plus whole days. So a link has one address for a day, and
 * what is handed out lives for 29 to 30 days.
 */
export function issueMoment(linkCreatedAt: Date, now: Date): Date {
  const days = Math.max(0, Math.floor((now.getTime() - linkCreatedAt.getTime()) / (DAY_SECONDS * 1000)));
  return new Date(linkCreatedAt.getTime() + days * DAY_SECONDS * 1000);
}
