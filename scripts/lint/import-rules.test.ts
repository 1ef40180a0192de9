import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../setup/paths.ts';

interface Finding {
  code: string;
  filename: string;
}

let house: string;
let findings: Finding[];

/** One violation of every kind, each in a file of its own. */
const PLANTED: Record<string, { source: string; rule: string }> = {
  'contracts/src/a.ts': { source: "import 'express';", rule: 'house(boundaries)' },
  'contracts/src/b.ts': { source: "import '@walnut-live/ui';", rule: 'house(boundaries)' },
  'live-client/src/a.ts': { source: "import '@walnut-live/ui';", rule: 'house(boundaries)' },
  'live-client/src/b.ts': { source: "import 'node:fs';", rule: 'house(boundaries)' },
  'ui/src/a.ts': { source: "export * from '@walnut-live/live-client';", rule: 'house(boundaries)' },
  'api/src/a.ts': { source: "import '@walnut-live/media-server';", rule: 'house(boundaries)' },
  'api/src/b.ts': { source: "import '../../media-server/src/main.ts';", rule: 'house(boundaries)' },
  'api/src/c.ts': { source: "import 'mediasoup';", rule: 'house(boundaries)' },
  'api/src/compose.ts': { source: "import './features/orders/orders.service.ts';", rule: 'house(boundaries)' },
  'api/src/features/rooms/rooms.service.ts': {
    source: "import '../orders/orders.repository.ts';",
    rule: 'house(boundaries)',
  },
  'api/src/features/rooms/deep/down.ts': {
    source: "import '../../orders/orders.repository.ts';",
    rule: 'house(boundaries)',
  },
  'api/src/features/rooms/lazy.ts': {
    source: "export const load = () => import('../orders/orders.service.ts');",
    rule: 'house(boundaries)',
  },
  'api/src/features/rooms/rooms.policy.ts': { source: "import { Client } from 'pg';", rule: 'house(boundaries)' },
  'api/src/features/rooms/door.policy.ts': { source: "import './rooms.service.ts';", rule: 'house(boundaries)' },
  'api/src/features/rooms/clock.policy.ts': { source: 'export const now = () => Date.now();', rule: 'house(purity)' },
  'api/src/features/rooms/date.policy.ts': { source: 'export const now = () => new Date();', rule: 'house(purity)' },
  'api/src/features/rooms/dice.policy.ts': {
    source: 'export const roll = () => Math.random();',
    rule: 'house(purity)',
  },
  'api/src/features/rooms/key.policy.ts': {
    source: "import { randomUUID } from 'node:crypto'; export const key = () => randomUUID();",
    rule: 'house(purity)',
  },
  'api/src/env.ts': { source: 'export const port = process.env.PORT;', rule: 'house(environment)' },
  'media-server/src/signaling/a.ts': { source: "import 'mediasoup';", rule: 'house(boundaries)' },
  'media-server/src/domain/a.ts': { source: "import 'socket.io';", rule: 'house(boundaries)' },
  'media-server/src/b.ts': { source: "import '@walnut-live/api';", rule: 'house(boundaries)' },
  'player/src/a.tsx': { source: "import '@walnut-live/console';", rule: 'house(boundaries)' },
  'broadcaster/src/a.tsx': { source: "import '../../player/src/a.tsx';", rule: 'house(boundaries)' },
  'console/src/a.tsx': { source: "import 'express';", rule: 'house(boundaries)' },
  'api/src/features/circle/one.ts': {
    source: "import { two } from './two.ts'; export const one = () => two;",
    rule: 'import(no-cycle)',
  },
};

/** What the rules must leave alone. */
const ALLOWED: Record<string, string> = {
  'contracts/src/ok.ts': "import 'zod'; import './a.ts';",
  'api/src/config.ts': 'export const port = process.env.PORT;',
  'api/src/features/orders/index.ts': 'export const orders = 1;',
  'api/src/features/rooms/ok.service.ts': "import '../orders/index.ts'; import '../../platform/clock.ts'; import 'pg';",
  'api/src/features/rooms/ok.policy.ts':
    "import '@walnut-live/contracts'; import './other.policy.ts'; import { createHmac } from 'node:crypto'; export const at = (ms: number) => [new Date(ms), createHmac];",
  'api/src/features/rooms/rooms.test.ts':
    "import '../orders/orders.repository.ts'; export const now = () => Date.now();",
  'api/src/platform/clock.ts': 'export const now = () => Date.now();',
  'media-server/src/engine/ok.ts': "import 'mediasoup';",
  'player/src/ok.tsx': "import '@walnut-live/contracts'; import '@walnut-live/live-client'; import '@walnut-live/ui';",
};

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'walnut-live-lint-'));
  const files = {
    ...Object.fromEntries(Object.entries(PLANTED).map(([file, { source }]) => [file, source])),
    ...ALLOWED,
    'api/src/features/circle/two.ts': "import { one } from './one.ts'; export const two = () => one;",
  };
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), source);
  }
  const { stdout, stderr } = spawnSync(
    join(ROOT, 'node_modules/.bin/oxlint'),
    ['--config', join(ROOT, '.oxlintrc.json'), '--format', 'json', '.'],
    { cwd: house, encoding: 'utf8', env: { ...process.env, WALNUT_LINT_ROOT: house } },
  );
  expect(stdout, stderr).toMatch(/^\s*\{/);
  findings = (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics;
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

test.each(Object.entries(PLANTED))('%s is caught', (file, { rule }) => {
  expect(findings.filter((finding) => finding.filename.endsWith(file)).map(({ code }) => code)).toContain(rule);
});

test.each(Object.keys(ALLOWED))('%s is left alone', (file) => {
  expect(findings.filter((finding) => finding.filename.endsWith(file))).toEqual([]);
});
