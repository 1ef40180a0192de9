/**
 * The three browser apps, and the file that pages of other sites embed, built by Vite when their sources changed, with compressed
 * copies for the gateway.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { contentKey, isStamped, stamp } from './content-key.ts';
import { ROOT } from './paths.ts';
import { runCommand } from './run-command.ts';
import { step } from './say.ts';

/** Workspace of each app and the path it is served under. */
export const APPS = [
  { name: 'player', base: '/' },
  { name: 'broadcaster', base: '/studio/' },
  { name: 'console', base: '/console/' },
] as const;

/** Where the embedded file lies in live-client's `dist`, and under which path it is served: a new version is another path. */
export const EMBED_FILE = 'embed/v1/walnut-live.js';

/** All that is built: its workspace, and the file by which one sees that it was. */
const BUILDS = [
  ...APPS.map(({ name }) => ({ name, proof: 'index.html' })),
  { name: 'live-client', proof: EMBED_FILE },
] as const;

const COMPRESSIBLE = /\.(?:js|css|html|svg|json|webmanifest|txt|wasm)$/;
const MIN_COMPRESSIBLE_BYTES = 1_024;

/** Builds what changed since it was built. */
export async function ensureApps(): Promise<void> {
  const scripts = ['apps', 'lean-build', 'late-schemas', 'early-script'].map((name) => `scripts/setup/${name}.ts`);
  const means = ['package-lock.json', 'tsconfig.base.json', ...scripts];
  const shared = (name: string) => (name === 'live-client' ? ['contracts'] : ['ui', 'live-client', 'contracts']);
  const stale = BUILDS.map((one) => ({ ...one, key: contentKey([one.name, ...shared(one.name), ...means]) })).filter(
    ({ name, proof, key }) => !isStamped(`app-${name}`, key) || !existsSync(join(ROOT, name, 'dist', proof)),
  );
  if (stale.length === 0) return;
  await step(`building the apps: ${stale.map(({ name }) => name).join(', ')}`, async () => {
    const builds = await Promise.allSettled(
      stale.map(async ({ name, key }) => {
        await build(name);
        stamp(`app-${name}`, key);
      }),
    );
    const failed = builds.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason; // only after the others have ended, so that none is left running
  });
}

/** Builds beside `dist` and swaps at the end: nobody ever sees half a build, also when two commands build at once. */
async function build(app: string): Promise<void> {
  const dir = join(ROOT, app);
  const fresh = join(ROOT, '.cache', `${app}-${process.pid}`);
  try {
    await runCommand(
      process.execPath,
      [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn', '--outDir', fresh, '--emptyOutDir'],
      { cwd: dir, env: { ...process.env, NODE_ENV: 'production' }, what: `vite build (${app})` },
    );
    await compress(fresh);
    rmSync(join(dir, 'dist'), { recursive: true, force: true });
    renameSync(fresh, join(dir, 'dist'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function compress(dir: string): Promise<void> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && COMPRESSIBLE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(
    files.map(async (file) => {
      const content = readFileSync(file);
      if (content.length < MIN_COMPRESSIBLE_BYTES) return;
      const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
      const [brotli, zipped] = await Promise.all([
        promisify(brotliCompress)(content, quality),
        promisify(gzip)(content, { level: 9 }),
      ]);
      writeFileSync(`${file}.br`, brotli);
      writeFileSync(`${file}.gz`, zipped);
    }),
  );
}
