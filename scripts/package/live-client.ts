/**
 * live-client as a package that a registry takes: `node scripts/package/live-client.ts [folder]`, then `npm publish <folder>`.
 * ES modules of plain JavaScript with their types, this repository's own contracts inside, what others publish outside as
 * dependencies; and the file for pages without a build.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'vite';
import { EMBED_FILE } from '../setup/apps.ts';
import { lean } from '../setup/lean-build.ts';
import { ROOT } from '../setup/paths.ts';
import { runCommand } from '../setup/run-command.ts';

const SOURCE = join(ROOT, 'live-client');
/** What each entry is imported by, and its source. */
const entries: Readonly<Record<string, string>> = {
  '.': 'index',
  './embed': 'embed/index',
  './http': 'http/index',
  './media': 'media/index',
  './playback': 'playback/index',
  './room': 'room/index',
};
const CONTRACTS = '@walnut-live/contracts';

interface Manifest {
  name: string;
  version: string;
  license: string;
  description?: string;
  dependencies?: Record<string, string>;
}
const manifestOf = (workspace: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8')) as Manifest;

/** The manifest as it is published: nothing in it names this repository's workspaces. */
export function publishedManifest(): object {
  const { name, version, license, dependencies } = manifestOf('live-client');
  const outside = { ...dependencies, ...manifestOf('contracts').dependencies };
  delete outside[CONTRACTS];
  const exports = Object.fromEntries(
    Object.entries(entries).map(([path, entry]) => [
      path,
      { types: `./types/live-client/src/${entry}.d.ts`, default: `./${entry}.js` },
    ]),
  );
  return {
    ...{ name, version, license, type: 'module', sideEffects: ['./walnut-live.js'] },
    description:
      'Watch and embed rooms of Walnut Live: room socket, playback by WebRTC and HLS, and <walnut-live-room>.',
    exports: { ...exports, './walnut-live.js': './walnut-live.js', './package.json': './package.json' },
    files: ['**/*.js', '**/*.d.ts'],
    dependencies: Object.fromEntries(Object.entries(outside).sort(([a], [b]) => a.localeCompare(b))),
  };
}

/** Builds the package into `folder`, which is emptied first. */
export async function buildPackage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const outside = Object.keys((publishedManifest() as Required<Manifest>).dependencies);
  await build({
    configFile: false,
    root: SOURCE,
    logLevel: 'error',
    plugins: lean(),
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'es2022',
      minify: false,
      sourcemap: false,
      lib: {
        entry: Object.fromEntries(Object.values(entries).map((entry) => [entry, join(SOURCE, 'src', `${entry}.ts`)])),
        formats: ['es'],
      },
      rollupOptions: {
        external: (id: string) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  });
  const script = join(folder, '.script');
  await build({ root: SOURCE, logLevel: 'error', build: { outDir: script, emptyOutDir: true } });
  cpSync(join(script, EMBED_FILE), join(folder, 'walnut-live.js'));
  rmSync(script, { recursive: true });
  await writeTypes(join(folder, 'types'));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
  cpSync(join(SOURCE, 'README.md'), join(folder, 'README.md'));
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}

/** Declarations of live-client and of the contracts they speak of, side by side and naming each other by paths. */
async function writeTypes(folder: string): Promise<void> {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  await runCommand(process.execPath, [compiler, '-p', 'tsconfig.package.json', '--outDir', folder], {
    cwd: SOURCE,
    env: process.env,
    what: 'tsc (types of live-client)',
  });
  cpSync(join(SOURCE, 'src/playback/hls-light.d.ts'), join(folder, 'live-client/src/playback/hls-light.d.ts'));
  const contracts = join(folder, 'contracts/src/index.js');
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const path = join(folder, file);
    const ours = relative(dirname(path), contracts);
    const text = readFileSync(path, 'utf8')
      .replaceAll(/(['"])@walnut-live\/contracts\1/g, `'${ours.startsWith('.') ? ours : `./${ours}`}'`)
      .replaceAll(/((?:from|import)\s*\(?\s*['"]\.[^'"]*)(?<!\.d)\.ts(?=['"])/g, '$1.js');
    writeFileSync(path, text);
  }
}

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(ROOT, '.cache/live-client'));
  await buildPackage(folder);
  process.stdout.write(`${relative(process.cwd(), folder) || '.'}\n`);
}
