/** Everything that must be there before a command can run, in order. The second time it only looks: about a second. */
import { ensureApps } from './apps.ts';
import { ensureDependencies } from './dependencies.ts';
import { ensureMediaWorker } from './media-worker.ts';
import { ensurePrismaClient } from './prisma-client.ts';
import { ensurePackages, findChromium, findFfmpeg, RUN_REQUIREMENTS, TEST_REQUIREMENTS } from './system-packages.ts';

export interface Prepared {
  mediaWorkerBin: string;
  ffmpegBin: string;
  chromiumBin?: string;
}

/** @param need `forTests` also Chromium, Redis and fonts; `apps` the built browser apps (dev serves their sources) */
export async function prepare(need: { forTests?: boolean; apps?: boolean } = {}): Promise<Prepared> {
  await ensureDependencies();
  await ensurePackages(need.forTests ? [...RUN_REQUIREMENTS, ...TEST_REQUIREMENTS] : RUN_REQUIREMENTS);
  await ensurePrismaClient();
  if (need.apps) await ensureApps();
  const mediaWorkerBin = await ensureMediaWorker();
  const chromiumBin = findChromium();
  return { mediaWorkerBin, ffmpegBin: findFfmpeg() ?? 'ffmpeg', ...(chromiumBin ? { chromiumBin } : {}) };
}
