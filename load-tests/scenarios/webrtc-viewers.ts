import type { BareContext, BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import {
  type MediaUnderTest,
  type Sent,
  startJanus,
  startMediaMtx,
  startOurs,
  type ViewersPlan,
  type ViewersStep,
} from '../lib/media-servers.ts';
import { ensureProgramme } from '../lib/programme.ts';

/** More loss than this, in packets or in pictures, is no good seat any more. */
const MAX_LOSS = 0.001;

const PLAN: ViewersPlan = {
  first: 60,
  max: 2_400,
  windowSeconds: 5,
  settleSeconds: 2,
  stopAtLoss: 0.01,
  stopAtGenerator: 0.92,
};
const QUICK: ViewersPlan = { ...PLAN, first: 5, max: 5, windowSeconds: 3, settleSeconds: 0.5 };

/** Each on one core, the load on another, the same packets for all. */
export const scenario: BareScenario = {
  name: 'webrtc-viewers',
  title: 'WebRTC viewers per core: 720p at 600 kbit/s and Opus, loss below 0.1 %',
  bare: true,
  async run(context) {
    const programme = await ensureProgramme(context.prepared.ffmpegBin);
    const sent: Sent = { videoFile: programme.steadyFile, soundFile: programme.soundFile };
    const ours = await measure(context, await startOurs(context, sent));
    const others: Outcome[] = [];
    for (const start of [startMediaMtx, startJanus]) {
      const server = await start(context, sent);
      if (server) others.push(await measure(context, server));
    }
    const peers = (value: (outcome: Outcome) => number) =>
      others.map((outcome) => ({ name: outcome.name, version: outcome.version, value: value(outcome) }));
    const missing = ['MediaMTX', 'Janus'].filter((name) => !others.some((other) => other.name === name));
    return [
      {
        id: 'P1',
        what: 'WebRTC viewers on one core, loss below 0.1 %',
        value: ours.viewers,
        unit: 'viewers',
        betterIs: 'higher',
        reach: 600,
        farGoal: 2_000,
        peers: peers(({ viewers }) => viewers),
        note:
          [ours, ...others].map(({ name, note }) => `${name}: ${note}`).join('. ') +
          (missing.length > 0 ? `. Not here: ${missing.join(', ')}` : ''),
      },
      {
        id: 'P1.cpu',
        what: 'CPU-seconds of the server per million packets sent',
        value: ours.cpuPerMillion,
        unit: 's',
        betterIs: 'lower',
        peers: peers(({ cpuPerMillion }) => cpuPerMillion),
        note: 'at the largest crowd without loss',
      },
      {
        id: 'P1.full',
        what: 'viewers when the core is full, by the CPU time of the largest crowd without loss',
        value: ours.full,
        unit: 'viewers',
        betterIs: 'higher',
        peers: peers(({ full }) => full),
      },
      {
        id: 'P1.load',
        what: 'the generator’s CPU per 100 viewers',
        value: ours.generator,
        unit: '% of a core',
        betterIs: 'lower',
      },
    ] satisfies Figure[];
  },
};

interface Outcome {
  name: string;
  version: string;
  viewers: number;
  cpuPerMillion: number;
  full: number;
  generator: number;
  note: string;
}

async function measure(context: BareContext, server: MediaUnderTest): Promise<Outcome> {
  try {
    const { reports } = await context.swarm(
      'load-tests/k6/webrtc-viewers.ts',
      { TARGET: JSON.stringify(server.target), PLAN: JSON.stringify(context.quick ? QUICK : PLAN) },
      server.prefix,
    );
    const steps = reports as ViewersStep[];
    for (const step of steps) context.say(`${server.name}: ${describe(step)}`);
    const good = steps.filter(isGood);
    const best = good.at(-1);
    const first = steps[0];
    if (!best || !first) throw new Error(`${server.name} carried not even the first crowd: ${JSON.stringify(first)}`);
    if (first.measured.bad > 0) throw new Error(`${server.name}: ${first.measured.bad} packets were not authentic`);
    const { measured } = best;
    return {
      name: server.name,
      version: server.version,
      viewers: best.wanted,
      cpuPerMillion: (serverSeconds(best) / measured.packets) * 1e6,
      full: Math.round(best.wanted / (serverSeconds(best) / measured.seconds)),
      generator: (measured.cpuSeconds / measured.seconds / best.wanted) * 100 * 100,
      note: `${whyStopped(steps)}, ${Object.keys(measured.profiles).join(' and ')}`,
    };
  } finally {
    await server.stop();
  }
}

const serverSeconds = ({ measured }: ViewersStep) =>
  Object.values(measured.processSeconds).reduce((sum, seconds) => sum + seconds, 0);

/** Pictures that did not come: some servers leave whole pictures out, and no sequence number tells of it. */
const pictureLoss = ({ measured, sentPictures }: ViewersStep) => 1 - measured.picturesMean / sentPictures;
/** The window's two ends are a few pictures apart for the sender and for its viewers. */
const WINDOW_ENDS_PICTURES = 2;

function isGood(step: ViewersStep): boolean {
  const { join, measured, sentPictures } = step;
  const { overflow, expected } = measured;
  return (
    join.failed === 0 &&
    join.withKey === join.asked &&
    measured.viewers === step.wanted &&
    Math.max(0, measured.loss - overflow / Math.max(1, expected)) < MAX_LOSS &&
    pictureLoss(step) < MAX_LOSS + WINDOW_ENDS_PICTURES / sentPictures
  );
}

function whyStopped(steps: readonly ViewersStep[]): string {
  const last = steps.at(-1);
  if (!last || isGood(last)) return 'ended by the generator or the plan, not by the server';
  return `at ${last.wanted} viewers ${describe(last)}`;
}

function describe(step: ViewersStep): string {
  const { measured, join } = step;
  const percent = (part: number) => `${(part * 100).toFixed(2)} %`;
  return [
    `${step.wanted} viewers`,
    `loss ${percent(measured.loss)}`,
    `pictures missing ${percent(Math.max(0, pictureLoss(step)))}`,
    `server ${percent(serverSeconds(step) / measured.seconds)} of a core`,
    `load ${percent(measured.cpuSeconds / measured.seconds)}`,
    ...(measured.overflow > 0 ? [`${measured.overflow} dropped by the generator`] : []),
    ...(join.failed > 0 ? [`${join.failed} could not join: ${join.errors?.[0] ?? ''}`] : []),
  ].join(', ');
}
