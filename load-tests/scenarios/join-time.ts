import { availableParallelism } from 'node:os';
import type { BareContext, BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import {
  type JoinPlan,
  type JoinResult,
  type MediaUnderTest,
  type Sent,
  startMediaMtx,
  startOurs,
} from '../lib/media-servers.ts';
import { ensureProgramme, PICTURES_PER_SECOND } from '../lib/programme.ts';

const PLAN: JoinPlan = { joins: 500, perSecond: 50, windowSeconds: 3, picturesPerSecond: PICTURES_PER_SECOND };
const FAST: JoinPlan = { ...PLAN, joins: 400, perSecond: 100 };
/** As it would be run: a worker for each core, all cores for the server; the load keeps to its own, which it shares. */
const AS_RUN = { core: 'any', env: { WORKERS: String(availableParallelism()) } } as const;
const QUICK: JoinPlan = { ...PLAN, joins: 5, perSecond: 10, windowSeconds: 2 };

/**
 * The publisher sends a key picture every ten seconds and whenever it is asked, as browsers do; so a server has to ask,
 * or to keep one for newcomers, and must not ask too often. Other than in webrtc-viewers, the server has the whole machine:
 * what is asked is how long a person waits, not what a core can do.
 */
export const scenario: BareScenario = {
  name: 'join-time',
  title: 'WHEP join → first complete key picture, at 50 and 100 joins a second',
  bare: true,
  async run(context) {
    const programme = await ensureProgramme(context.prepared.ffmpegBin);
    const sent: Sent = {
      videoFile: programme.sparseFile,
      keysFile: programme.keysFile,
      soundFile: programme.soundFile,
    };
    const servers = [startOurs, startMediaMtx];
    const figures: Figure[] = [];
    for (const plan of context.quick ? [QUICK] : [PLAN, FAST]) {
      const results: { name: string; version: string; result: JoinResult }[] = [];
      for (const start of servers) {
        const server = await start(context, sent, AS_RUN);
        if (!server) continue;
        const result = await measure(context, server, plan);
        results.push({ name: server.name, version: server.version, result });
        context.say(`${server.name}: ${describe(result)}`);
      }
      figures.push(...figuresOf(plan, results));
    }
    return figures;
  },
};

async function measure(context: BareContext, server: MediaUnderTest, plan: JoinPlan): Promise<JoinResult> {
  try {
    const { reports } = await context.swarm(
      'load-tests/k6/join-time.ts',
      { TARGET: JSON.stringify(server.target), PLAN: JSON.stringify(plan) },
      server.prefix,
    );
    const result = reports[0] as JoinResult | undefined;
    if (!result || result.join.connected === 0) {
      throw new Error(`${server.name}: nobody joined: ${JSON.stringify(result?.join)}`);
    }
    if (context.quick && result.join.withKey < plan.joins) throw new Error(`${server.name}: ${describe(result)}`);
    if (result.measured.bad > 0) throw new Error(`${server.name}: ${result.measured.bad} packets were not authentic`);
    return result;
  } finally {
    await server.stop();
  }
}

function figuresOf(plan: JoinPlan, results: { name: string; version: string; result: JoinResult }[]): Figure[] {
  const [ours, ...others] = results;
  if (!ours) return [];
  const peers = (value: (result: JoinResult) => number) =>
    others.map(({ name, version, result }) => ({ name, version, value: value(result) }));
  const p95 = ({ join }: JoinResult) => join.keyMs.p95 ?? Number.NaN;
  const keyRate = ({ keyPictures, seconds }: JoinResult) => keyPictures / seconds;
  const goal = plan.perSecond === PLAN.perSecond ? { id: 'P2', reach: 400 } : { id: 'P2.fast', farGoal: 200 };
  return [
    {
      ...goal,
      what: `WHEP POST → first complete key picture, p95 of ${plan.joins}, at ${plan.perSecond} joins a second`,
      value: p95(ours.result),
      unit: 'ms',
      betterIs: 'lower',
      min: ours.result.join.keyMs.min ?? Number.NaN,
      max: ours.result.join.keyMs.max ?? Number.NaN,
      peers: peers(p95),
      note: results.map(({ name, result }) => `${name}: ${describe(result)}`).join('. '),
    },
    {
      id: `${goal.id}.keys`,
      what: 'key pictures of the publisher meanwhile',
      value: keyRate(ours.result),
      unit: '1/s',
      betterIs: 'lower',
      reach: 1,
      peers: peers(keyRate),
    },
  ];
}

function describe({ join, measured, seconds, keyPictures, keyRequests }: JoinResult): string {
  return [
    `${join.withKey} of ${join.asked} got a picture`,
    `median ${join.keyMs.p50} ms, p99 ${join.keyMs.p99} ms`,
    `connected in ${join.connectMs.p50} ms (median), ${join.connectMs.p95} ms (p95)`,
    `${keyPictures} key pictures and ${keyRequests} requests in ${seconds.toFixed(1)} s`,
    `loss afterwards ${(measured.loss * 100).toFixed(2)} %`,
    ...(join.failed > 0 ? [`${join.failed} failed: ${join.errors?.[0] ?? ''}`] : []),
  ].join(', ');
}
