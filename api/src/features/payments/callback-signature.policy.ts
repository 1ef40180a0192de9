/**
 * How the sandbox signs its callbacks: hex HMAC-SHA256 over `timestamp.nonce.body`, body being the raw bytes. The key comes in;
 * nothing here knows a clock.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const TIMESTAMP_HEADER = 'x-sandbox-timestamp';
export const NONCE_HEADER = 'x-sandbox-nonce';
export const SIGNATURE_HEADER = 'x-sandbox-signature';
/** Older or more futuristic callbacks are refused: a recorded one is worth nothing later. */
export const SIGNATURE_WINDOW_SECONDS = 300;

export interface SignedParts {
  readonly timestampSeconds: string;
  readonly nonce: string;
  readonly body: Buffer;
}

export function signCallback(secret: string, { timestampSeconds, nonce, body }: SignedParts): string {
  return createHmac('sha256', secret).update(`${timestampSeconds}.${nonce}.`).update(body).digest('hex');
}

/** True when signature and time are right; compares in constant time. */
export function isGenuineCallback(
  secret: string,
  parts: { [K in keyof SignedParts]: SignedParts[K] | undefined } & { signature: string | undefined },
  now: Date,
): boolean {
  const { timestampSeconds, nonce, body, signature } = parts;
  if (timestampSeconds === undefined || nonce === undefined || body === undefined || signature === undefined)
    return false;
  if (!/^\d{1,12}$/.test(timestampSeconds) || !/^[\w-]{16,64}$/.test(nonce) || !/^[0-9a-f]{64}$/.test(signature))
    return false;
  if (Math.abs(now.getTime() / 1000 - Number(timestampSeconds)) > SIGNATURE_WINDOW_SECONDS) return false;
  const expected = signCallback(secret, { timestampSeconds, nonce, body });
  return timingSafeEqual(Buffer.from(signature, 'hex'), Buffer.from(expected, 'hex'));
}
