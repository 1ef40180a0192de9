/** What no tool checks: things that must not be in the tracked files, and links in the documents that must lead somewhere. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Lock, missingPlatforms } from './lint/complete-lock.ts';
import { ROOT } from './setup/paths.ts';

const MAX_FILE_BYTES = 600_000;
const MAX_SOURCE_LINES = 400;

const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const isText = (file: string) => !/\.(?:png|jpe?g|webp|gif|ico|woff2?|mp4|wav)$/.test(file);
const sources = tracked.filter((file) => /\.(?:ts|tsx)$/.test(file));

/** Files in which a line matches, as `file:line`. Patterns are put together so that they do not match here. */
function linesWith(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    text(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

describe('tracked files', () => {
  test('carry no paths of somebody’s machine', () => {
    const machine = new RegExp(`(?:^|[\\s"'\`(=:])/(?:${['work', 'root', 'home/[a-z]+'].join('|')})/`);
    expect(linesWith(tracked.filter(isText), machine)).toEqual([]);
  });

  test('name no package registry’s host', () => {
    const host = new RegExp(
      `\\b(?:${['registry\\.npm', 'npmmirror\\.', 'deb\\.debian\\.', 'proxy\\.golang\\.'].join('|')})`,
    );
    expect(linesWith(tracked.filter(isText), host)).toEqual([]);
  });

  test('carry no unfinished business', () => {
    expect(
      linesWith(sources, new RegExp(`\\b(?:${['TO', 'FIX'].map((word, i) => word + ['DO', 'ME'][i]).join('|')})\\b`)),
    ).toEqual([]);
    expect(
      linesWith(sources, new RegExp(`\\b(?:it|test|describe)\\.(?:${['sk' + 'ip', 'on' + 'ly'].join('|')})\\(`)),
    ).toEqual([]);
  });

  // Styles that came with one page stay for the next: what two features call the same, each styles for the other.
  const layered = [
    /^player\/src\/(?:room\/(?:room|deck|wide|guests)|chat\/chat)\.css$/, // one screen in layers
    /^console\/src\/(?:app|shared)\//, // the frame and its form for phones
  ];
  test.each(['player', 'broadcaster', 'console'])('style a class of the %s in one place', (app) => {
    const places = new Map<string, Set<string>>();
    for (const file of tracked.filter((name) => name.startsWith(`${app}/src/`) && name.endsWith('.css'))) {
      const rules = text(file)
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .matchAll(/^\s*((?:\.[a-z][\w-]*\s*,\s*)*\.[a-z][\w-]*)\s*\{/gm);
      for (const [, names = ''] of rules) {
        for (const name of names.split(',')) places.set(name.trim(), (places.get(name.trim()) ?? new Set()).add(file));
      }
    }
    expect(places.size).toBeGreaterThan(100);
    const twice = [...places].filter(
      ([, files]) => files.size > 1 && !layered.some((layer) => [...files].every((file) => layer.test(file))),
    );
    expect(twice.map(([name, files]) => `${name}: ${[...files].join(', ')}`)).toEqual([]);
  });

  const pages = sources.filter(
    (file) => /^(?:player|console|broadcaster|ui|live-client)\/src\//.test(file) && !/\.test\.tsx?$/.test(file),
  );

  test('make no markup and no code out of texts in a page', () => {
    expect(pages.length).toBeGreaterThan(100);
    const ways = [
      'dangerously' + 'SetInnerHTML',
      '(?:inner|outer)HTML',
      'insertAdjacent' + 'HTML',
      'document\\.write',
      'srcdoc',
    ];
    const code = ['\\beval\\(', 'new Function\\(', 'javascript:'];
    expect(linesWith(pages, new RegExp([...ways, ...code].join('|')))).toEqual([]);
  });

  test('call nothing in pages that phones still in use lack', () => {
    // Chromium 97 to 99; live-client's request.ts has it as a function.
    expect(linesWith(pages, /\.throwIfAborted\(/)).toEqual([]);
  });

  test('are not large', () => {
    const large = tracked.filter(
      (file) => file !== 'package-lock.json' && statSync(join(ROOT, file)).size > MAX_FILE_BYTES,
    );
    expect(large).toEqual([]);
  });

  test('are no secrets, data or build results', () => {
    const wrong = /(?:^|\/)(?:\.env|secrets\.json|.*\.pem|.*\.key|dist\/.*|node_modules\/.*|\.data\/.*)$/;
    expect(tracked.filter((file) => wrong.test(file))).toEqual([]);
  });

  test('sources can be read in one sitting', () => {
    const long = sources.filter((file) => text(file).split('\n').length > MAX_SOURCE_LINES + 1);
    expect(long).toEqual([]);
  });

  test('the lock file names no particular registry', () => {
    const { packages } = JSON.parse(text('package-lock.json')) as {
      packages: Record<string, { resolved?: string; link?: boolean }>;
    };
    expect(Object.entries(packages).filter(([, entry]) => entry.resolved?.startsWith('http'))).toEqual([]);
  });

  test('the lock file has the builds for other platforms (else: node scripts/lint/complete-lock.ts)', () => {
    expect(missingPlatforms(JSON.parse(text('package-lock.json')) as Lock)).toEqual([]);
  });

  test.each(['live', '.ci/run', 'scripts/media-worker/build.sh'])('%s can be run', (file) => {
    expect(statSync(join(ROOT, file)).mode & 0o111).toBe(0o111);
  });
});

describe('documents', () => {
  const documents = tracked.filter((file) => file.endsWith('.md'));

  test.each(documents)('%s: its links lead somewhere', (file) => {
    const targets = [...text(file).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    const broken = targets.filter((target) => !existsSync(join(ROOT, dirname(file), decodeURIComponent(target))));
    expect(broken).toEqual([]);
  });
});
