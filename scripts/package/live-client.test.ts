/** live-client as others get it: built, packed and used without this repository. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '../setup/paths.ts';
import { buildPackage } from './live-client.ts';

/** Of the one file with WebRTC, HLS and the room in it; what a visitor of the brand's site loads. */
const SCRIPT_GZIP_BYTES = 225_000;
const BUILD_MS = 180_000;

let home: string;
let folder: string;
interface Manifest {
  name: string;
  version: string;
  license: string;
  private?: boolean;
  dependencies: Record<string, string>;
  peerDependencies?: object;
  exports: Record<string, { types: string; default: string } | string>;
}
let manifest: Manifest;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'walnut-live-package-'));
  folder = join(home, 'node_modules/@walnut-live/live-client');
  await buildPackage(folder);
  manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  // Its declared dependencies and nothing else: whatever it needs besides is not found.
  for (const name of [...Object.keys(manifest.dependencies), 'jsdom']) {
    const link = join(home, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), link);
  }
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  return () => rmSync(home, { recursive: true, force: true });
}, BUILD_MS);

/** Runs plain JavaScript beside the package; Node may not read TypeScript. */
const run = async (code: string) => {
  const file = join(home, 'page.js');
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-strip-types', file], {
    cwd: home,
    timeout: 30_000,
  });
  return JSON.parse(stdout) as unknown;
};

test('is what a registry takes: its files and nothing else, of this version and licence, naming no workspace', () => {
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as { files: { path: string }[] }[];
  const files = packed[0]?.files.map(({ path }) => path) ?? [];
  expect(files).toEqual(
    expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'walnut-live.js', 'embed/index.js', 'index.js']),
  );
  expect(files.filter((file) => !/\.(?:js|d\.ts)$|^(?:package\.json|README\.md|LICENSE)$/.test(file))).toEqual([]);
  expect(files.filter((file) => /\.test\.|fixture/.test(file))).toEqual([]);
  const own = JSON.parse(readFileSync(join(ROOT, 'live-client/package.json'), 'utf8')) as Manifest;
  expect(manifest).toMatchObject({ name: own.name, version: own.version, license: 'Apache-2.0' });
  expect([manifest.private, manifest.peerDependencies]).toEqual([undefined, undefined]);
  expect(Object.keys(manifest.dependencies).sort()).toEqual(['hls.js', 'mediasoup-client', 'socket.io-client', 'zod']);
  for (const target of Object.values(manifest.exports).flatMap((to) =>
    typeof to === 'string' ? to : [to.types, to.default],
  ))
    expect([target, existsSync(join(folder, target))]).toEqual([target, true]);
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    expect([file, /@walnut-live\/contracts/.test(text), text.includes(ROOT)]).toEqual([file, false, false]);
  }
});

test('every entry is imported by plain Node', async () => {
  const names = Object.keys(manifest.exports).filter((path) => !/\.js(?:on)?$/.test(path));
  const told = await run(`
    const told = {};
    for (const path of ${JSON.stringify(names)}) told[path] = Object.keys(await import('@walnut-live/live-client' + path.slice(1)));
    console.log(JSON.stringify(told));
  `);
  expect(told).toMatchObject({
    './embed': expect.arrayContaining(['mountRoom', 'defineWalnutLiveRoom']),
    './room': expect.arrayContaining(['joinRoom', 'watchGrants']),
    './playback': expect.arrayContaining(['createPlayback']),
    './http': expect.arrayContaining(['createApi']),
    '.': expect.arrayContaining(['joinRoom', 'createPlayback', 'createApi']),
  });
});

test('the element and the script stand on a page; away from its product the room says so', async () => {
  const told = await run(`
    import { readFileSync } from 'node:fs';
    import { JSDOM } from 'jsdom';
    const dom = new JSDOM('<!doctype html><html lang="en"><body></body></html>', { url: 'https://www.brand.example/', runScripts: 'outside-only', pretendToBeVisual: true });
    const { window } = dom;
    window.fetch = () => Promise.reject(new TypeError('no network'));
    window.eval(readFileSync('node_modules/@walnut-live/live-client/walnut-live.js', 'utf8'));
    const room = window.document.createElement('walnut-live-room');
    room.setAttribute('room', '01890000-0000-7000-8000-000000000001');
    room.setAttribute('origin', 'https://live.brand.example');
    const states = [];
    room.addEventListener('walnut:state', (event) => states.push(event.detail.status));
    window.document.body.append(room);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const status = room.shadowRoot.querySelector('[part~="status"]').textContent;
    room.remove();
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log(JSON.stringify({ states, status, mountRoom: typeof window.WalnutLive.mountRoom, left: room.shadowRoot.childElementCount }));
    process.exit(0);
  `);
  expect(told).toEqual({
    states: ['joining', 'offline'],
    status: 'You are offline, reconnecting…',
    mountRoom: 'function',
    left: 0,
  });
});

test(
  'its types hold for a page in strict TypeScript that knows nothing of this repository',
  async () => {
    writeFileSync(
      join(home, 'page.ts'),
      `import { type EmbedState, mountRoom } from '@walnut-live/live-client/embed';
     import { joinRoom } from '@walnut-live/live-client/room';
     const room = mountRoom(document.body, { origin: 'https://live.brand.example', roomId: 'x', onState: (state: EmbedState) => console.log(state.viewersNow.toFixed(), state.status === 'playing') });
     const title: string = room.state.title;
     export type Snapshot = NonNullable<ReturnType<ReturnType<typeof joinRoom>['get']>['join']>['snapshot']['viewersNow'];
     export const viewers: Snapshot = 3;
     // @ts-expect-error: a room has a name
     mountRoom(document.body, { origin: title });
     // @ts-expect-error: the contracts came along, so this is no any
     export const wrong: Snapshot = 'three';
    `,
    );
    const options = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2024', 'dom', 'dom.iterable'],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: [],
    };
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['page.ts'] }));
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', home], { cwd: home }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  },
  BUILD_MS,
);

test('the one file keeps to its budget', () => {
  expect(gzipSync(readFileSync(join(folder, 'walnut-live.js')), { level: 9 }).length).toBeLessThan(SCRIPT_GZIP_BYTES);
});

test('the ten lines of the document are the page that the drill opens, and they are ten', () => {
  const example = readFileSync(join(ROOT, 'e2e/fixtures/embed.html'), 'utf8');
  const document = readFileSync(join(ROOT, 'docs/34-embedding.md'), 'utf8');
  expect(/```html\n([\s\S]*?)```/.exec(document)?.[1]).toBe(example);
  expect(example.trimEnd().split('\n')).toHaveLength(10);
});

test('what the document says of the element is what the sources say: attributes, properties, parts, states', () => {
  const document = readFileSync(join(ROOT, 'docs/34-embedding.md'), 'utf8');
  const source = ['element', 'styles', 'dom', 'view'].map((name) =>
    readFileSync(join(ROOT, `live-client/src/embed/${name}.ts`), 'utf8'),
  );
  const all = source.join('\n');
  const found = (pattern: RegExp) => [...new Set([...all.matchAll(pattern)].map(([, name]) => name ?? ''))];
  const properties = found(/var\((--walnut-[\w-]+)/g);
  const parts = found(/named\('([\w-]+)'/g);
  const states = found(/^ {2}\| '([\w-]+)'$/gm);
  const attributes = (/OBSERVED = \[(.*)\]/.exec(all)?.[1] ?? '').match(/\w+/g) ?? [];
  for (const list of [properties, parts, states, attributes]) expect(list.length).toBeGreaterThan(4);
  const unnamed = [...properties, ...parts, ...states, ...attributes].filter(
    (name) => !document.includes(`\`${name}\``),
  );
  expect(unnamed).toEqual([]);
});
