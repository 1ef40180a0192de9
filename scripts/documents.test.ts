/**
 * What the documents tell people to type exists: commands and options of ./live, the files and folders behind them, test projects,
 * programs, package scripts, services of docker compose. And what they link to: files, and headings inside of them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './setup/paths.ts';

const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const documents = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  // The history of what was; results say with which command they were made, and benches come and go.
  .filter((file) => file !== '' && file !== 'CHANGELOG.md' && existsSync(join(ROOT, file)));

const usage = execFileSync('sh', [join(ROOT, 'live'), 'help'], { encoding: 'utf8' });
const liveCommands = new Set([...usage.matchAll(/^ {2}\.\/live (\w+)/gm)].map((match) => match[1]));
const liveOptions = new Set([...usage.matchAll(/--[\w-]+/g)].map(([option]) => option));
const projects = new Set([...text('vitest.config.ts').matchAll(/project\('([\w-]+)'/g)].map((match) => match[1]));
const compose = text('docker-compose.yml');
const services = new Set([...compose.matchAll(/^ {2}([\w-]+):$/gm)].map((match) => match[1]));
const profiles = new Set([...compose.matchAll(/profiles: \[([^\]]+)\]/g)].flatMap((match) => match[1]?.split(/, */)));
const PARTS = ['static', 'unit', 'e2e', 'drills'];

/** What stands in code spans, and the lines of blocks that are not drawings, answers or data. */
function commandsOf(markdown: string): string[] {
  const lines: string[] = [];
  let block: string | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence) block = block === undefined ? fence[1] : undefined;
    else if (block !== undefined) lines.push(line);
    else lines.push(...[...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
  }
  return lines.flatMap((line) => {
    const bare = line.trim().replace(/^\$ /, '');
    const several = [...bare.matchAll(/(?<=^|`| {2})\.\/live(?: +[^\s#`;&|]+)*/g)].map(([found]) => found);
    return several.length > 0 ? several : /^(?:npx|npm|node|docker compose)\s/.test(bare) ? [bare] : [];
  });
}

const isThere = (path: string) => existsSync(join(ROOT, path));
/** A word in capitals or with a sign in it stands for something that the reader fills in. */
const isPlaceholder = (word: string) => /^[A-Z_]+$|[…<>$[\]]/.test(word);

/** Undefined: it can be typed. */
function fault(command: string): string | undefined {
  const [program = '', ...words] = command.split(/ +#/)[0]?.trim().split(/\s+/) ?? [];
  const options = words.filter((word) => word.startsWith('-'));
  const plain = words.filter((word) => !word.startsWith('-') && !isPlaceholder(word));
  if (program === './live') {
    const [name, ...rest] = plain;
    if (name === undefined) return undefined;
    // After two spaces and more a table's words begin.
    const given = command.split(/ {3,}/)[0]?.split(' ') ?? [];
    if (!liveCommands.has(name)) return `./live has no ${name}`;
    const unknown = options.find((option) => !liveOptions.has(option) && option !== '--quick');
    if (unknown) return `./live has no ${unknown}`;
    const named = rest.filter((word) => given.includes(word));
    if (name === 'test') return named.find((word) => !PARTS.includes(word) && !isThere(word));
    if (name === 'bench') return named.find((word) => !isThere(`load-tests/scenarios/${word}.ts`));
    return undefined;
  }
  if (program === 'npx') {
    const [tool = '', ...rest] = plain;
    if (!isThere(`node_modules/.bin/${tool}`)) return `npx ${tool} is not among the dependencies`;
    const project = /--project[ =]([\w-]+)/.exec(command)?.[1];
    if (project && !projects.has(project)) return `no project ${project}`;
    return rest.find((word) => word.includes('/') && !isThere(word) && !word.includes('*'));
  }
  if (program === 'node') return plain.slice(0, 1).find((word) => !isThere(word));
  if (program === 'npm') {
    if (['ci', 'install', 'audit', 'publish'].includes(words[0] ?? '')) return undefined;
    const scripts = (JSON.parse(text('package.json')) as { scripts?: Record<string, string> }).scripts ?? {};
    const script = words[0] === 'run' ? (words[1] ?? '') : (words[0] ?? '');
    return script in scripts ? undefined : `npm has no script ${script}`;
  }
  const profile = /--profile (\S+)/.exec(command)?.[1];
  if (profile && !profiles.has(profile)) return `no profile ${profile}`;
  const scaled = [...command.matchAll(/--scale ([\w-]+)=/g)].map((match) => match[1]);
  return scaled.find((service) => !services.has(service));
}

/** As the usual hosts make them from headings: lower case, no signs, spaces become dashes, repetitions are numbered. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of markdown.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} +(.+?)\s*$/gm)) {
    const bare = heading
      .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    let name = bare;
    for (let again = 1; anchors.has(name); again++) name = `${bare}-${again}`;
    anchors.add(name);
  }
  return anchors;
}

describe('what can be typed', () => {
  test.each(documents)('%s: its commands exist', (file) => {
    const faults = commandsOf(text(file)).flatMap((command) => {
      const wrong = fault(command);
      return wrong ? [`${command}: ${wrong}`] : [];
    });
    expect(faults).toEqual([]);
  });

  test('it finds and refuses what is not there', () => {
    const found = commandsOf('See `./live fly` and:\n```sh\n./live bench nothing   # no\nnpx nothing-like-it\n```\n');
    expect(found).toEqual(['./live fly', './live bench nothing', 'npx nothing-like-it']);
    expect(found.map(fault).filter(Boolean)).toHaveLength(3);
    expect(fault('./live test api/src/nowhere')).toBe('api/src/nowhere');
    expect(fault('npx vitest run --project nobody')).toBe('no project nobody');
    expect(fault('docker compose up -d --scale horse=2')).toBe('horse');
    expect(['./live test e2e', './live start --lan', 'node scripts/live.ts help'].map(fault)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

/** Where a folder is clear from the text around, documents leave its beginning away. */
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
  maxBuffer: 16 * 1024 * 1024,
}).split('\n');
const isSomewhere = (path: string) => tracked.some((file) => file === path || file.endsWith(`/${path}`));
/** Sources that are named, as tables name the tests that show something. */
const namedIn = (markdown: string): string[] =>
  [...markdown.matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:tsx?|mjs|sql|prisma))`/g)].map(([, path = '']) => path);

describe('what is named', () => {
  test.each(documents)('%s: its files exist', (file) => {
    expect(namedIn(text(file)).filter((path) => !isSomewhere(path))).toEqual([]);
  });

  test('it finds and refuses what is not there', () => {
    expect(namedIn('by `api/src/main.ts`, `api/src/nothing.test.ts`').map(isSomewhere)).toEqual([true, false]);
  });
});

describe('what is linked to', () => {
  test.each(documents)('%s: headings that it links to exist', (file) => {
    const links = [...text(file).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)/g)];
    const broken = links.flatMap(([, path = '', anchor = '']) => {
      const target = path === '' ? file : join(dirname(file), decodeURIComponent(path));
      return target.endsWith('.md') && !anchorsOf(text(target)).has(decodeURIComponent(anchor))
        ? [`${path}#${anchor}`]
        : [];
    });
    expect(broken).toEqual([]);
  });
});
