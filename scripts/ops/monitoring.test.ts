/** Prometheus, Alertmanager and Grafana, held against the code: every metric that is asked for is one that somebody tells. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../setup/paths.ts';
import { findProgram } from '../setup/system-packages.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PROMTOOL = findProgram(process.env.PROMTOOL || 'promtool');
if (!PROMTOOL) console.info('The rules are not run: no promtool here (Debian package prometheus, or PROMTOOL=/path).');

/** What programs tell that are not ours, as far as it is asked for. */
const OTHERS = [
  ...['up', 'ALERTS', 'probe_success', 'probe_ssl_earliest_cert_expiry'],
  ...[
    'node_filesystem_avail_bytes',
    'node_filesystem_size_bytes',
    'node_cpu_seconds_total',
    'node_memory_MemAvailable_bytes',
  ],
  ...['pg_stat_activity_count', 'pg_stat_database_xact_commit', 'pg_stat_database_xact_rollback'],
  ...['pg_stat_database_deadlocks', 'pg_database_size_bytes'],
  // prom-client's own
  ...['nodejs_eventloop_lag_p99_seconds', 'process_cpu_seconds_total', 'process_resident_memory_bytes'],
];
const FUNCTIONS = new Set(
  'sum rate by on and or unless count min max avg topk time vector histogram_quantile increase delta predict_linear max_over_time'.split(
    ' ',
  ),
);

/** Names of metrics in an expression: what is left without strings, selectors' insides, groupings, ranges and functions. */
function metricsIn(expression: string): string[] {
  const bare = expression
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(?:by|on|without)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/(?<![\w.])[A-Za-z_][\w:]*/g)].map(([name]) => name).filter((name) => !FUNCTIONS.has(name));
}

const sources = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', 'api/src', 'media-server/src', 'ops/backup'],
  {
    cwd: ROOT,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((file) => /\.(?:ts|sh)$/.test(file) && !file.endsWith('.test.ts') && existsSync(join(ROOT, file)));
/** Every metric of ours, by its name in the code; `compose-metrics.ts` names some as keys of a table. */
const told = new Set(
  sources.flatMap((file) => [
    ...[...read(file).matchAll(/\bname: '([a-z][a-z0-9_]*_[a-z0-9_]+)'/g)].map((match) => match[1] ?? ''),
    ...[...read(file).matchAll(/^# TYPE (\w+)/gm)].map((match) => match[1] ?? ''),
    ...(file.endsWith('compose-metrics.ts') ? [...read(file).matchAll(/^ {2}(\w+_seconds): '/gm)] : []).map(
      (match) => match[1] ?? '',
    ),
  ]),
);
const isTold = (name: string) =>
  OTHERS.includes(name) || told.has(name) || told.has(name.replace(/_(?:bucket|count|sum)$/, ''));

const Rules = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^[A-Z]\w+$/),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});
const rules = Rules.parse(parse(read('ops/prometheus/rules/symptoms.yml'))).groups.flatMap((group) => group.rules);

describe('alert rules', () => {
  test('ask for what is told', () => {
    expect(told.size).toBeGreaterThan(30);
    const unknown = rules.flatMap(({ alert, expr }) =>
      metricsIn(expr)
        .filter((name) => !isTold(name))
        .map((name) => `${alert}: ${name}`),
    );
    expect(unknown).toEqual([]);
    expect(metricsIn('sum(rate(no_such_thing_total{a="b"}[5m])) by (le) > 2')).toEqual(['no_such_thing_total']);
  });

  test('lead to a runbook that is there', () => {
    const doc = read('docs/33-runbooks.md');
    const anchors = [...doc.matchAll(/^## (.+)$/gm)].map((match) =>
      (match[1] ?? '')
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const { alert, annotations } of rules) {
      const [file, anchor] = annotations.runbook.split('#');
      expect(file).toBe('docs/33-runbooks.md');
      expect(anchors, alert).toContain(anchor);
    }
  });

  test('that silence others name alerts that are there', () => {
    const manager = read('ops/alertmanager/alertmanager.yml');
    const named = [...manager.matchAll(/alertname=~?"([^"]+)"/g)].flatMap((match) => (match[1] ?? '').split('|'));
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !rules.some(({ alert }) => alert === name))).toEqual([]);
    expect(Object.keys(parse(manager))).toEqual(['route', 'inhibit_rules', 'receivers']);
  });

  test.skipIf(!PROMTOOL)('pass promtool: syntax, and what fires when', () => {
    for (const args of [
      ['check', 'config', 'ops/prometheus/prometheus.yml'],
      ['test', 'rules', 'ops/prometheus/symptoms.test.yml'],
    ]) {
      const { status, stdout, stderr } = spawnSync(PROMTOOL ?? '', args, { cwd: ROOT, encoding: 'utf8' });
      expect(status, stdout + stderr).toBe(0);
    }
  });
});

describe('scraping', () => {
  const config = parse(read('ops/prometheus/prometheus.yml')) as {
    scrape_configs: {
      job_name: string;
      dns_sd_configs?: { names: string[]; port: number }[];
      static_configs?: { targets: string[] }[];
      relabel_configs?: { replacement?: string }[];
    }[];
  };
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { environment?: Record<string, unknown> }>;
  };

  test('asks services that there are, at the ports they have', () => {
    const asked = config.scrape_configs.flatMap(({ dns_sd_configs, static_configs, relabel_configs }) => [
      ...(dns_sd_configs ?? []).map(({ names, port }) => `${names[0]}:${port}`),
      ...(static_configs ?? []).flatMap(({ targets }) => targets).filter((target) => !target.includes('/')),
      ...(relabel_configs ?? []).flatMap(({ replacement }) => replacement ?? []),
    ]);
    expect(asked.sort()).toEqual([
      'api:4000',
      'blackbox-exporter:9115',
      'media-server:4100',
      'node-exporter:9100',
      'postgres-exporter:9187',
    ]);
    for (const target of asked) {
      const [name = '', port] = target.split(':');
      const service = compose.services[name];
      expect(service, target).toBeDefined();
      if (service?.environment?.PORT) expect(service.environment.PORT).toBe(port);
    }
    const modules = Object.keys(parse(read('ops/prometheus/blackbox/blackbox.yml')).modules);
    expect(read('ops/prometheus/prometheus.yml')).toContain(`module: [${modules.join()}]`);
  });
});

describe('dashboards', () => {
  const Panel = z.object({
    id: z.int(),
    title: z.string().min(3),
    type: z.enum(['timeseries', 'stat']),
    datasource: z.object({ uid: z.literal('prometheus') }),
    gridPos: z
      .object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) })
      .refine(({ x, w }) => x + w <= 24),
    targets: z.array(z.object({ refId: z.string(), expr: z.string().min(1), legendFormat: z.string().min(1) })).min(1),
  });
  const Dashboard = z.object({
    uid: z.string(),
    title: z.string(),
    schemaVersion: z.int(),
    panels: z.array(Panel).min(4),
  });
  const folder = 'ops/grafana/dashboards';
  const boards = readdirSync(join(ROOT, folder)).map((file) => Dashboard.parse(JSON.parse(read(`${folder}/${file}`))));

  test('symptoms come first, and each has an id of its own', () => {
    expect(boards.map(({ uid }) => uid)).toEqual(['symptoms', 'media', 'room-engine', 'selling', 'database']);
    for (const { panels } of boards) expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(read('ops/grafana/provisioning/datasources/prometheus.yml')).toContain('uid: prometheus');
    expect(read('docker-compose.yml')).toContain('/etc/grafana/dashboards/1-symptoms.json');
  });

  test('ask for what is told', () => {
    const unknown = boards.flatMap(({ uid, panels }) =>
      panels.flatMap(({ title, targets }) =>
        targets.flatMap(({ expr }) =>
          metricsIn(expr)
            .filter((name) => !isTold(name))
            .map((name) => `${uid}, ${title}: ${name}`),
        ),
      ),
    );
    expect(unknown).toEqual([]);
  });

  test('every metric of ours is on one of them or in an alert', () => {
    const shown = [
      ...boards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
      ...rules.map(({ expr }) => expr),
    ].join('\n');
    expect(
      [...told].filter(
        (name) =>
          !shown.includes(name) && !['media_peers', 'media_recordings', 'media_packager_places_taken'].includes(name),
      ),
    ).toEqual([]);
  });
});
