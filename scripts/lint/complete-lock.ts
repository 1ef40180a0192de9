/**
 * Adds to package-lock.json the builds for other platforms that npm left out because the registry it asked did not have
 * them (a mirror that is not complete). Without their entries `npm ci` refuses the lock file everywhere.
 *
 *   node scripts/lint/complete-lock.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockEntry {
  version?: string;
  cpu?: string[];
  dev?: boolean;
  libc?: string[];
  license?: string;
  optional?: boolean;
  os?: string[];
  engines?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
export interface Lock {
  packages: Record<string, LockEntry>;
}

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x'];

/** Optional dependencies of locked packages that have no entry of their own, as `[name, version, parent]`. */
export function missingPlatforms({ packages }: Lock): [name: string, version: string, parent: string][] {
  return Object.entries(packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !packages[`node_modules/${name}`] && !packages[`${parent}/node_modules/${name}`])
      .map(([name, version]): [string, string, string] => [name, version, parent]),
  );
}

/** The lock file with entries for them. Platform and C library are read from the name, as all such packages carry them. */
export function completed(lock: Lock): Lock {
  const added = missingPlatforms(lock).map(([name, version, parent]): [string, LockEntry] => {
    const words = name.split(/[/-]/);
    const os = words.find((word) => SYSTEMS.includes(word));
    const cpu = words.find((word) => PROCESSORS.includes(word));
    if (!os || !cpu || !/^\d/.test(version)) throw new Error(`${name}@${version}: not the name of a platform's build`);
    const libc = words.some((word) => word.startsWith('musl'))
      ? 'musl'
      : words.some((word) => word.startsWith('gnu'))
        ? 'glibc'
        : undefined;
    const { dev, license } = lock.packages[parent] ?? {};
    return [
      `node_modules/${name}`,
      {
        version,
        cpu: [cpu],
        ...(dev ? { dev } : {}),
        ...(libc ? { libc: [libc] } : {}),
        ...(license ? { license } : {}),
        optional: true,
        os: [os],
      },
    ];
  });
  const entries = [...Object.entries(lock.packages), ...added].sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: Object.fromEntries(entries) };
}

if (import.meta.main) {
  const file = join(import.meta.dirname, '../../package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock;
  writeFileSync(file, `${JSON.stringify(completed(lock), null, 2)}\n`);
  console.log(`${missingPlatforms(lock).length} entries added`);
}
