/** What phones in the same network need: our address there, and a certificate, since cameras need HTTPS. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { SetupError } from '../setup/say.ts';

const VALID_DAYS = 397; // the longest that iOS accepts
const RENEW_BEFORE_MS = 14 * 24 * 3600 * 1000;
const VIRTUAL = /^(?:docker|br-|veth|virbr|vmnet|tun|tap|zt|wg|tailscale)/;

/** The IPv4 address under which phones in the same network reach this machine. */
export function lanAddress(): string {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? [])
      .filter((entry) => entry.family === 'IPv4' && !entry.internal && !entry.address.startsWith('169.254.'))
      .map((entry) => ({ name, address: entry.address })),
  );
  const chosen = addresses.find(({ name }) => !VIRTUAL.test(name)) ?? addresses[0];
  if (!chosen) throw new SetupError('This machine has no address in a network, so --lan has nothing to serve on.');
  return chosen.address;
}

export interface Certificate {
  keyFile: string;
  certFile: string;
}

/** The self-signed certificate in the data folder; made anew when the address changed or it runs out. */
export async function ensureCertificate(dataDir: string, address: string): Promise<Certificate> {
  const files = { keyFile: join(dataDir, 'lan-key.pem'), certFile: join(dataDir, 'lan-cert.pem') };
  if (existsSync(files.keyFile) && existsSync(files.certFile) && isGood(files.certFile, address)) return files;
  const made = await generate([{ name: 'commonName', value: `Walnut Live on ${address}` }], {
    keyType: 'ec',
    notAfterDate: new Date(Date.now() + VALID_DAYS * 24 * 3600 * 1000),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: address },
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  writeFileSync(files.keyFile, made.private, { mode: 0o600 });
  writeFileSync(files.certFile, made.cert);
  return files;
}

function isGood(certFile: string, address: string): boolean {
  const certificate = new X509Certificate(readFileSync(certFile));
  return certificate.checkIP(address) !== undefined && Date.parse(certificate.validTo) - Date.now() > RENEW_BEFORE_MS;
}
