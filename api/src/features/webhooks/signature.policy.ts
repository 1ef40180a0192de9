/**
 * Signatures of Standard Webhooks (specification 1.0, symmetric): base64 of HMAC-SHA256 over `id.timestamp.body`. Pure.
 *
 * Secrets are derived, not kept: from the server's own secret, the endpoint and how often its secret was changed. Whoever
 * reads the database cannot sign.
 */
import { createHmac, hkdfSync } from 'node:crypto';

export const ID_HEADER = 'webhook-id';
export const TIMESTAMP_HEADER = 'webhook-timestamp';
export const SIGNATURE_HEADER = 'webhook-signature';
const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** As it is given to the receiver. */
export function secretOf(serverSecret: string, endpointId: string, version: number): string {
  const bytes = hkdfSync('sha256', serverSecret, endpointId, `webhook secret ${version}`, SECRET_BYTES);
  return SECRET_PREFIX + Buffer.from(bytes).toString('base64');
}

/** One signature for each secret, the newest first: a receiver may know either. */
export function signaturesOf(
  secrets: readonly string[],
  message: { id: string; timestampSeconds: number; body: string },
): string {
  const signed = `${message.id}.${message.timestampSeconds}.${message.body}`;
  return secrets
    .map((secret) => Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64'))
    .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    .join(' ');
}
