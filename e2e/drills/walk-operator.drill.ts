/**
 * Who runs the product, with the operations' documents and runbooks open beside a terminal: health and readiness say what is true,
 * the page of metrics tells every name that alerts and dashboards ask for, the commands of the runbooks are run as they stand (those
 * of `docker compose` by what they do inside: services, programs, queries), and a media server is emptied by the documented command.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../scripts/setup/paths.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const documents = ['docs/32-operations.md', 'docs/33-runbooks.md', 'ops/README.md', 'ops/backup/README.md'];
/** Every line that a stranger would type: blocks of shell, and commands within a sentence. */
const typed = documents.flatMap((file) => {
  const text = read(file).replaceAll('\\\n', ' ');
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((match) => (match[1] ?? '').split('\n'));
  const inline = [...text.matchAll(/`((?:docker compose|node|\.\/live|npx) [^`]+)`/g)].map((match) => match[1] ?? '');
  return [...blocks, ...inline].map((line) => ({
    file,
    line: line
      .replace(/\s+#.*$/, '')
      .replace(/\s+/g, ' ')
      .trim(),
  }));
});
const named = (pattern: RegExp): { file: string; line: string; found: string }[] =>
  typed.flatMap(({ file, line }) =>
    [...line.matchAll(pattern)].map((match) => ({ file, line, found: match[1] ?? '' })),
  );

let product: TestProduct;
let api: string;
let media: string;
beforeAll(async () => {
  product = await startTestProduct();
  api = `http://127.0.0.1:${product.ports.api}`;
  media = `http://127.0.0.1:${product.ports.media}`;
}, TIMEOUT_MS);
afterAll(() => product?.[Symbol.asyncDispose]());

const node = (file: string, args: string[], env: Record<string, string> = {}) =>
  run(process.execPath, [join(ROOT, file), ...args], { cwd: ROOT, env: { ...process.env, ...env } });
const answer = async (url: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
};

test('health and readiness are what docs/32 says of a product that is well', async () => {
  expect((await answer(`${api}/healthz`)).status).toBe(200);
  const ready = await answer(`${api}/readyz`);
  expect(ready.status).toBe(200);
  expect(JSON.parse(ready.text).checks).toMatchObject({ database: true, open: true });
  for (const path of ['/healthz', '/readyz']) expect((await answer(media + path)).status, path).toBe(200);
  // By the name that people use, as the runbook types it.
  expect((await answer(`${product.origin}/readyz`)).status).toBe(200);
  await node('ops/healthcheck.mjs', [`${media}/healthz`]);
  await expect(node('ops/healthcheck.mjs', ['http://127.0.0.1:9/healthz'])).rejects.toThrow();
});

test('the metrics of running servers have every name of ours that alerts and dashboards ask for', async () => {
  const pages = await Promise.all([answer(`${api}/metrics`), answer(`${media}/metrics`)]);
  const told = new Set(
    pages.flatMap(({ text }) => [...text.matchAll(/^# TYPE (\w+)/gm)].map((match) => match[1] ?? '')),
  );
  expect(told.size).toBeGreaterThan(40);
  const boards = readdirSync(join(ROOT, 'ops/grafana/dashboards')).map((file) =>
    read(`ops/grafana/dashboards/${file}`),
  );
  const rules = parse(read('ops/prometheus/rules/symptoms.yml')) as { groups: { rules: { expr: string }[] }[] };
  const expressions = [
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
    ...boards.flatMap((board) =>
      (JSON.parse(board) as { panels: { targets: { expr: string }[] }[] }).panels.flatMap(({ targets }) =>
        targets.map(({ expr }) => expr),
      ),
    ),
  ];
  // Names of ours begin like one that is told; exporters' and the nightly backup's are others'.
  const families = new Set([...told].map((name) => name.split('_')[0] ?? ''));
  const asked = new Set(
    expressions.flatMap((expression) =>
      [
        ...expression
          .replace(/"[^"]*"|\{[^}]*\}|\[[^\]]*\]/g, '')
          .replace(/\b(?:by|on|without)\s*\([^)]*\)/g, '')
          .matchAll(/\b[a-z]+(?:_[a-z0-9]+)+\b/g),
      ].map(([name]) => name),
    ),
  );
  const functions = /^(?:histogram_quantile|predict_linear|max_over_time)$/;
  const ours = [...asked].filter((name) => families.has(name.split('_')[0] ?? '') && !functions.test(name));
  expect(ours.length).toBeGreaterThan(30);
  expect(ours.filter((name) => !told.has(name) && !told.has(name.replace(/_(?:bucket|count|sum)$/, '')))).toEqual([]);
});

test('what is typed is there: services, programs, files, sections', () => {
  expect(typed.length).toBeGreaterThan(60);
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, object> };
  const wrong = named(
    /docker compose (?:exec|run|up|stop|restart|logs) ((?:-{1,2}\S+(?: (?:\/\S+|\d+[hm]|sh|[A-Z_]+=\S+))? |-v \S+ )*[a-z][\w -]*)/g,
  )
    .flatMap(({ file, line, found }) => {
      const words = found.trim().split(' ');
      const at = words.findIndex((word, place) => word in services && !words[place - 1]?.startsWith('-v'));
      return at >= 0 ? [] : [`${file}: ${line}`];
    })
    // `up -d` and `build` of everything name no service.
    .filter((line) => !/docker compose up -d$/.test(line));
  expect(wrong).toEqual([]);
  const files = named(/\b((?:ops|scripts|api|e2e)\/[\w./-]+\.(?:ts|mjs|sh))\b/g);
  expect(files.length).toBeGreaterThan(8);
  expect(files.filter(({ found }) => !existsSync(join(ROOT, found.replace(/^\//, ''))))).toEqual([]);
});

test('every query of the runbooks runs on the database', async () => {
  const queries = named(/psql -U walnut walnut_live -c "([^"]+)"/g);
  expect(queries.length).toBeGreaterThan(4);
  const client = new pg.Client({ connectionString: product.databaseUrl });
  await client.connect();
  try {
    const failed: string[] = [];
    for (const { file, found } of queries)
      await client
        .query(found.replace('(PID)', '(0)'))
        .catch((error: Error) => failed.push(`${file}: ${found}: ${error.message}`));
    expect(failed).toEqual([]);
  } finally {
    await client.end();
  }
});

test('the commands end as they are said to', { timeout: TIMEOUT_MS }, async () => {
  const env = { DATABASE_URL: product.databaseUrl };
  expect((await node('api/prisma/audit.ts', [], env)).stdout).toContain('Everything agrees.');
  for (const { found } of named(/node scripts\/ops\/plan\.ts ([^`]+)/g)) {
    const plan = await node('scripts/ops/plan.ts', found.trim().split(' '));
    expect(plan.stdout).toMatch(/media/i);
  }
  expect((await node('api/prisma/rebuild-reports.ts', ['--check'], env)).stdout).not.toBe('');
  // There is an administrator: nobody makes another one from a terminal by mistake.
  const more = ['--brand', '别家', '--username', 'second', '--name', '第二位'];
  await expect(node('api/prisma/first-admin.ts', more, env)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('hq-admin'),
  });
  await expect(node('api/prisma/first-admin.ts', [], env)).rejects.toMatchObject({ code: 2 });
  const { stdout } = await run(join(ROOT, 'live'), ['help'], { cwd: ROOT });
  for (const { found, file } of named(/\.\/live (\w+)/g))
    expect(stdout, `${file}: ./live ${found}`).toContain(`./live ${found}`);
});

test('a media server is emptied by the documented command, and says so', { timeout: TIMEOUT_MS }, async () => {
  const emptied = node('ops/drain.mjs', [], { PORT: String(product.ports.media), CONTROL_TOKEN: product.controlToken });
  await expect.poll(async () => (await answer(`${media}/readyz`)).status, { timeout: TIMEOUT_MS }).not.toBe(200);
  // Alive as long as it is not gone; api does not mind.
  const health = await answer(`${media}/healthz`).catch(() => undefined);
  if (health) expect(health.status).toBe(200);
  expect((await answer(`${api}/readyz`)).status).toBe(200);
  expect((await emptied).stdout).toContain('empty');
});
