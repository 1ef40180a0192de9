/**
 * WeChat's public keys, by the serial number that an answer or a callback names.
 *
 * Model: a merchant has a WeChat public key for good (serial "PUB_KEY_ID_…", set in the configuration), platform certificates
 * that WeChat replaces from time to time (asked for at /v3/certificates, sealed under the API v3 key), or, while moving from
 * one to the other, both. An unknown serial makes us ask again, at most once a minute after the last answer, so that a callback
 * under a new certificate is not refused and a forged serial does not make us ask without end. Whoever comes while the
 * certificates are on their way waits for them.
 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../platform/clock.ts';
import { openSealed } from './signatures.policy.ts';

const ASK_AGAIN_MS = 60_000;
/** WeChat advises to look more often than once in 12 hours. */
const STALE_MS = 10 * 3_600_000;

const Certificates = z.object({
  data: z.array(
    z.object({
      serial_no: z.string(),
      expire_time: z.string(),
      encrypt_certificate: z.object({
        algorithm: z.string(),
        nonce: z.string(),
        associated_data: z.string().optional(),
        ciphertext: z.string(),
      }),
    }),
  ),
});

export interface PlatformCertificate {
  readonly key: KeyObject;
  readonly expiresAtMs: number;
}

export interface PlatformKeys {
  /** The key of that serial; undefined when nobody knows it. Asks WeChat when it has to. */
  find(serial: string): Promise<KeyObject | undefined>;
  /** Without asking: for what must not wait. */
  known(serial: string): KeyObject | undefined;
  /** What we seal with, and under which serial; asks WeChat when there is none in force. @throws Error when there is none */
  forSealing(): Promise<{ serial: string; key: KeyObject }>;
  /** Asks for certificates before they are needed, where they are used. */
  warmUp(): Promise<void>;
  /** The certificates in an answer of /v3/certificates, not yet in use. @throws Error when they are not sealed for us */
  read(answer: Buffer): ReadonlyMap<string, PlatformCertificate>;
  adopt(certificates: ReadonlyMap<string, PlatformCertificate>): void;
}

export function createPlatformKeys(deps: {
  clock: Clock;
  apiV3Key: Buffer;
  /** Null where platform certificates are used alone. */
  publicKey: { id: string; pem: string } | null;
  /** Asks /v3/certificates and adopts what is proven. Undefined where only the public key is used. */
  download: (() => Promise<void>) | undefined;
}): PlatformKeys {
  const { clock } = deps;
  const fixed = deps.publicKey && { serial: deps.publicKey.id, key: createPublicKey(deps.publicKey.pem) };
  const certificates = new Map<string, PlatformCertificate>();
  let askedAtMs = Number.NEGATIVE_INFINITY;

  let underWay: Promise<void> | undefined;
  /** One download at a time, shared by all who need it. */
  function ask(): Promise<void> {
    underWay ??= (async () => {
      try {
        await deps.download?.();
      } finally {
        askedAtMs = clock.now().getTime();
        underWay = undefined;
      }
    })();
    return underWay;
  }
  const isAged = (key: KeyObject | undefined): boolean =>
    clock.now().getTime() - askedAtMs > (key ? STALE_MS : ASK_AGAIN_MS);
  async function askFor(key: KeyObject | undefined): Promise<void> {
    if (deps.download === undefined || !(underWay || isAged(key))) return;
    const asking = ask();
    if (key) asking.catch(() => undefined);
    else await asking;
  }

  function known(serial: string): KeyObject | undefined {
    if (serial === fixed?.serial) return fixed.key;
    const certificate = certificates.get(serial);
    return certificate && certificate.expiresAtMs > clock.now().getTime() ? certificate.key : undefined;
  }

  return {
    known,
    async find(serial) {
      if (serial !== fixed?.serial) await askFor(known(serial));
      return known(serial);
    },
    warmUp: () => askFor(undefined),
    async forSealing() {
      if (fixed) return fixed;
      const inForce = () =>
        [...certificates]
          .filter(([serial]) => known(serial) !== undefined)
          .sort(([, a], [, b]) => b.expiresAtMs - a.expiresAtMs)[0];
      await askFor(inForce()?.[1].key);
      const newest = inForce();
      if (!newest) throw new Error('no certificate of WeChat Pay is known yet');
      return { serial: newest[0], key: newest[1].key };
    },
    read(answer) {
      const { data } = Certificates.parse(JSON.parse(answer.toString('utf8')));
      return new Map(
        data.map(({ serial_no, expire_time, encrypt_certificate }) => {
          const { publicKey } = new X509Certificate(openSealed(deps.apiV3Key, encrypt_certificate));
          return [serial_no, { key: publicKey, expiresAtMs: Date.parse(expire_time) }];
        }),
      );
    },
    adopt(found) {
      for (const [serial, certificate] of found) certificates.set(serial, certificate);
    },
  };
}
