/** How requests to a mall are signed. Pure; docs/19-catalogue.md shows the mall's side. */
import { createHash, createHmac } from 'node:crypto';

export interface Signed {
  readonly method: string;
  /** With its query, as it stands in the request line. */
  readonly path: string;
  readonly timestampSeconds: number;
  readonly nonce: string;
  readonly body: string;
}

/** HMAC-SHA256 over the lines of what is asked, base64. The body is in it by its SHA-256. */
export function signatureOf(secret: string, signed: Signed): string {
  const lines = [
    'walnut-mall-v1',
    signed.method,
    signed.path,
    String(signed.timestampSeconds),
    signed.nonce,
    createHash('sha256').update(signed.body).digest('hex'),
  ];
  return createHmac('sha256', secret).update(lines.join('\n')).digest('base64');
}
