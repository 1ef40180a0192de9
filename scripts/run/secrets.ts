/** The secrets of one data folder: random, made at the first start, readable by nobody else, never in the clone. */
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEYS = [
  'AUTH_SECRET',
  'MEDIA_TOKEN_SECRET',
  'SHARE_SECRET',
  'SANDBOX_PAYMENT_SECRET',
  'CONTROL_TOKEN',
  'POSTGRES_PASSWORD',
  'DEMO_PASSWORD',
] as const;

export type Secrets = Record<(typeof KEYS)[number], string>;

const RANDOM_BYTES = 36;
/** Without letters that look alike: people type the demo password on a phone. */
const READABLE = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Reads the secrets of the data folder and makes those that are not there yet. */
export function loadSecrets(dataDir: string): Secrets {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'secrets.json');
  const kept: Partial<Secrets> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const secrets = Object.fromEntries(KEYS.map((key) => [key, kept[key] ?? make(key)])) as Secrets;
  if (KEYS.some((key) => kept[key] === undefined)) {
    writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return secrets;
}

function make(key: keyof Secrets): string {
  if (key !== 'DEMO_PASSWORD') return randomBytes(RANDOM_BYTES).toString('base64url');
  const letters = Array.from({ length: 12 }, () => READABLE[randomInt(READABLE.length)]).join('');
  return `walnut-${letters.match(/.{4}/g)?.join('-')}`;
}
