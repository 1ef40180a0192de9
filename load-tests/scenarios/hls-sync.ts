import { startServer } from '../../media-server/test/kit.ts';
import { playFlashes, skewsOf } from '../../media-server/test/sync-kit.ts';
import type { BareScenario, Figure } from '../../scripts/bench/scenario.ts';

/** P3b: what people begin to notice. */
const REACH_MS = 45;
const FAR_GOAL_MS = 20;
const PLAN = { minutes: 60, everyMs: 60_000, lookSeconds: 10, settleMs: 10_000 };
const QUICK = { minutes: 2, everyMs: 1_000, lookSeconds: 5, settleMs: 4_000 };
/** As bad as two clocks of cheap crystals are: 360 ms apart after an hour. */
const CLOCK_PPM = 100;

/**
 * A publisher flashes and beeps at the same instant, its sound clock runs too fast and its sound arrives late; a viewer by
 * HLS looks once a minute for an hour. Then the packager is killed, and it is looked at again.
 */
export const scenario: BareScenario = {
  name: 'hls-sync',
  title: 'sound and picture by HLS over an hour, and after a restart of the packager',
  bare: true,
  async run({ quick, say }) {
    const plan = quick ? QUICK : PLAN;
    const server = await startServer({ WORKERS: '1', LOG_LEVEL: 'silent' });
    const stream = await playFlashes(server, 'hour', { soundPpm: CLOCK_PPM, soundLateMs: 60 });
    const beganAtMs = Date.now();
    // A playlist that nobody asks for is packaged no longer.
    const keepAlive = setInterval(() => void stream.read().catch(() => undefined), 3_000);
    try {
      await pause(plan.settleMs);
      const minutes: number[][] = [];
      let from = 0;
      let map = '';
      for (let minute = 0; minute < plan.minutes; minute += 1) {
        const run = await stream.collect(null, from, plan.lookSeconds);
        ({ map } = run);
        from = run.sequence + 1;
        minutes.push(await skewsOf(run.data));
        if (minute % 10 === 0) say(`minute ${minute}: ${minutes.at(-1)?.map(Math.round).join(' ')} ms`);
        await pause(Math.max(0, beganAtMs + (minute + 1) * plan.everyMs - Date.now()));
      }
      const hours = (Date.now() - beganAtMs) / 3_600_000;
      process.kill(server.packagerPids()[0] ?? 0, 'SIGKILL');
      const again = await skewsOf((await stream.collect(map, from, plan.lookSeconds)).data);
      return figuresOf(minutes, again, hours);
    } finally {
      clearInterval(keepAlive);
      stream.stop();
      await server.close();
    }
  },
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const worst = (skews: readonly number[]): number => Math.max(...skews.map(Math.abs));
const rounded = (value: number): number => Number(value.toFixed(1));

function figuresOf(minutes: number[][], again: number[], hours: number): Figure[] {
  const all = minutes.flat();
  if (all.length === 0 || again.length === 0) throw new Error('nothing was seen and heard together');
  const sorted = all.map(Math.abs).sort((a, b) => a - b);
  const shared = { unit: 'ms', betterIs: 'lower', reach: REACH_MS, farGoal: FAR_GOAL_MS } as const;
  const lastMinutes = minutes.slice(-5).flat();
  return [
    {
      ...{ id: 'P3b', what: 'beep from flash by HLS, worst of the last five looks', ...shared },
      ...{
        value: rounded(worst(lastMinutes)),
        min: rounded(Math.min(...lastMinutes)),
        max: rounded(Math.max(...lastMinutes)),
      },
      note: `after ${hours.toFixed(2)} h; the sound's clock ${CLOCK_PPM} ppm fast (${Math.round(hours * 3.6 * CLOCK_PPM)} ms apart by then), its packets 60 ms late`,
    },
    {
      ...{ id: 'P3b.all', what: `the same, worst of all ${all.length} beeps`, ...shared, value: rounded(worst(all)) },
      note: `median ${rounded(sorted[sorted.length >> 1] ?? 0)} ms`,
    },
    {
      ...{
        id: 'P3b.restart',
        what: 'the same after the packager was killed, worst',
        ...shared,
        value: rounded(worst(again)),
      },
      note: again.map((skew) => skew.toFixed(0)).join(' '),
    },
  ];
}
