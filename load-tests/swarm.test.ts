/**
 * The measurements with the swarm work: a handful of viewers for some seconds. The clock is not looked at, only that
 * every viewer gets authentic packets and pictures. The scenarios themselves throw when that is not so.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builtSwarm, runK6 } from '../scripts/bench/k6.ts';
import type { BareContext, BareScenario } from '../scripts/bench/scenario.ts';
import { findFfmpeg, findProgram } from '../scripts/setup/system-packages.ts';
import { scenario as joinTime } from './scenarios/join-time.ts';
import { scenario as webrtcViewers } from './scenarios/webrtc-viewers.ts';

const go = findProgram('go', '/usr/local/go/bin/go');
const k6 = builtSwarm();
const mediaWorkerBin = process.env.MEDIASOUP_WORKER_BIN;
const dataDir = mkdtempSync(join(tmpdir(), 'walnut-live-swarm-test-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const contextWith = (swarm: string, worker: string): BareContext => ({
  prepared: { mediaWorkerBin: worker, ffmpegBin: findFfmpeg() ?? 'ffmpeg' },
  dataDir,
  quick: true,
  withPeers: false,
  say: (line) => console.info(line),
  swarm: (script, env = {}, prefix = [], onLine = () => undefined) => runK6(swarm, script, env, onLine, prefix),
});

describe('the swarm', () => {
  it.skipIf(!go)(
    'counts, reads and writes as the standards say (needs Go)',
    () => {
      const packages = ['./watch', './rtc', './publish', './talk'];
      const output = execFileSync(go ?? '', ['test', ...packages], {
        cwd: join(import.meta.dirname, 'swarm'),
        encoding: 'utf8',
      });
      expect(output.match(/^ok/gm)).toHaveLength(packages.length);
    },
    300_000,
  );

  it.skipIf(!k6 || !mediaWorkerBin).each<[string, BareScenario]>([
    ['webrtc-viewers', webrtcViewers],
    ['join-time', joinTime],
  ])(
    '%s carries a few viewers (needs the k6 that ./live bench builds)',
    async (_, scenario) => {
      const figures = await scenario.run(contextWith(k6 ?? '', mediaWorkerBin ?? ''));
      for (const figure of figures) expect(figure.value, figure.what).toBeGreaterThanOrEqual(0);
      expect(figures[0]?.value).toBeGreaterThan(0);
    },
    120_000,
  );
});
