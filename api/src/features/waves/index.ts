/** Campaigns in waves: a visible plan (waves.service.ts) and what carries it out (execution.ts). */
import {
  addWaveAction,
  copyWave,
  createWave,
  getWave,
  listWaves,
  moveWave,
  removeWaveAction,
  settleWaveAction,
  waveReach,
} from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createExecution, type ExecutionDeps } from './execution.ts';
import { createWavesService, type WavesDeps } from './waves.service.ts';

export const WAVES_JOB = 'waves-due';
const DUE_EVERY_MS = 3_000;

export function createWaves(deps: WavesDeps & ExecutionDeps & { bind: Binder; jobs: Jobs }): void {
  const { bind } = deps;
  const waves = createWavesService(deps);
  const { runDue } = createExecution(deps);
  bind(listWaves, async ({ principal }) => ({ items: await waves.list(principal) }));
  bind(waveReach, ({ principal, body }) => waves.reach(principal, body));
  bind(getWave, ({ principal, params }) => waves.get(principal, params.id));
  bind(createWave, ({ principal, body }) => waves.create(principal, body));
  bind(addWaveAction, ({ principal, params, body }) => waves.add(principal, params.id, body));
  bind(removeWaveAction, ({ principal, params }) => waves.remove(principal, params.id, params.actionId));
  bind(settleWaveAction, ({ principal, params, body }) => waves.settle(principal, params.id, params.actionId, body.do));
  bind(moveWave, ({ principal, params, body }) => waves.move(principal, params.id, body));
  bind(copyWave, ({ principal, params, body }) => waves.copy(principal, params.id, body.startsAt));
  deps.jobs.every(WAVES_JOB, DUE_EVERY_MS, async () => void (await runDue()));
}
