import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Manifest } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/*
 * Figure P9, measured on the real build: what a phone must fetch before a room can be used. Secondary pages, the purchase
 * panel and hls.js must not slip into it.
 */

const KB = 1_000;
/** JavaScript, gzip, until cover, bag and chat work. */
const ROOM_BUDGET = 200 * KB;
/** The same with the code of the real-time picture, which comes beside it and does not hold the room up. */
const PICTURE_BUDGET = 242 * KB;
const STYLE_BUDGET = 20 * KB;

const outDir = mkdtempSync(join(tmpdir(), 'walnut-player-'));
let manifest: Manifest = {};

beforeAll(() => {
  // A process of its own: this one has NODE_ENV=test, which would measure React's development build.
  const vite = fileURLToPath(new URL('bin/vite.js', import.meta.resolve('vite/package.json')));
  const built = spawnSync(
    process.execPath,
    [vite, 'build', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'error'],
    {
      cwd: import.meta.dirname,
      env: { ...process.env, NODE_ENV: 'production' },
      encoding: 'utf8',
    },
  );
  if (built.status !== 0) throw new Error(built.stderr);
  manifest = JSON.parse(readFileSync(join(outDir, '.vite/manifest.json'), 'utf8')) as Manifest;
}, 120_000);
afterAll(() => rmSync(outDir, { recursive: true, force: true }));

/** Manifest keys of a chunk and of everything it imports statically. */
const closure = (keys: readonly string[]): Set<string> => {
  const found = new Set<string>();
  const visit = (key: string): void => {
    if (found.has(key)) return;
    found.add(key);
    for (const next of manifest[key]?.imports ?? []) visit(next);
  };
  for (const key of keys) visit(key);
  return found;
};
const keyOf = (part: string | RegExp): string => {
  const key = Object.keys(manifest).find((candidate) =>
    typeof part === 'string' ? candidate.endsWith(part) : part.test(candidate),
  );
  if (!key) throw new Error(`no chunk for ${part}`);
  return key;
};
const gzipBytes = (files: Iterable<string>): number =>
  [...new Set(files)].reduce((sum, file) => sum + gzipSync(readFileSync(join(outDir, file))).length, 0);
const scripts = (keys: Set<string>): string[] =>
  [...keys].map((key) => manifest[key]?.file ?? '').filter((file) => file.endsWith('.js'));
const styles = (keys: Set<string>): string[] => [...keys].flatMap((key) => manifest[key]?.css ?? []);

describe('P9: what a phone fetches', () => {
  const roomEntry = (): string[] => ['index.html'];

  it('before a room is usable', () => {
    const keys = closure(roomEntry());
    expect(gzipBytes(scripts(keys))).toBeLessThan(ROOM_BUDGET);
    expect(gzipBytes(styles(keys))).toBeLessThan(STYLE_BUDGET);
  });

  it('in few files: a phone waits for them six by six', () => {
    expect(scripts(closure(roomEntry())).length).toBeLessThanOrEqual(3);
    const html = readFileSync(join(outDir, 'index.html'), 'utf8');
    expect(html.indexOf('head-start')).toBeGreaterThan(0);
    expect(html.indexOf('head-start')).toBeLessThan(html.indexOf('assets/index-'));
  });

  it('before the real-time picture plays', () => {
    expect(gzipBytes(scripts(closure([...roomEntry(), keyOf(/playback\/index\.ts$|^_playback-/)])))).toBeLessThan(
      PICTURE_BUDGET,
    );
  });

  it('hls.js, mediasoup-client, the purchase panel and the other pages come only when asked for', () => {
    const text = scripts(closure(roomEntry()))
      .map((file) => readFileSync(join(outDir, file), 'utf8'))
      .join('\n');
    // Words that survive minifying. Compared as booleans: a failure must not print megabytes.
    expect(/hlsMediaAttached|hlsBufferAppending/.test(text)).toBe(false);
    expect(/RTCPeerConnection/.test(text)).toBe(false);
    const lazy = closure(roomEntry());
    for (const part of ['purchase-panel.tsx', 'shelf-page.tsx', 'orders-page.tsx', 'me-page.tsx', 'sign-in-sheet.tsx'])
      expect(lazy.has(keyOf(part))).toBe(false);
  });

  it('the page has no inline script or style (strict CSP)', () => {
    const html = readFileSync(join(outDir, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
  });
});
