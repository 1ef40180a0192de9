import type { BareContext, BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { type OurServer, type RecoveryPlan, type RecoveryResult, type Sent, startOurs } from '../lib/media-servers.ts';
import { ensureProgramme } from '../lib/programme.ts';

/** Without a packet for so long, viewers and the publisher of the swarm open a new session. */
const NOTICED_AFTER_MS = 500;
const PLAN: RecoveryPlan = { viewers: 100, afterSeconds: 12 };
const QUICK: RecoveryPlan = { viewers: 5, afterSeconds: 6 };
/** What a supervisor needs to see that its child is gone. */
const RESTART_AFTER_MS = 100;
const WORKERS = '2';

interface Drill {
  id: string;
  what: string;
  reach: number;
  farGoal: number;
  /** Does the harm; resolves when the supervisor's part is done. */
  harm(server: OurServer): Promise<void>;
}

const DRILLS: readonly Drill[] = [
  {
    id: 'P6.worker',
    what: 'media back after kill -9 of every media worker, p95',
    reach: 2_000,
    farGoal: 500,
    async harm(server) {
      // Origin and audience alike: which of them a viewer sits on must not matter.
      for (const pid of server.workerPids()) process.kill(pid, 'SIGKILL');
    },
  },
  {
    id: 'P6.host',
    what: 'media back after kill -9 of the media host, started again by its supervisor, p95',
    reach: 5_000,
    farGoal: 2_000,
    async harm(server) {
      server.process.child.kill('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, RESTART_AFTER_MS));
      await server.restart();
    },
  },
];

export const scenario: BareScenario = {
  name: 'recovery',
  title: 'media back after a killed worker and a killed host; a planned drain interrupts nobody',
  bare: true,
  async run(context) {
    const programme = await ensureProgramme(context.prepared.ffmpegBin);
    const sent: Sent = {
      videoFile: programme.sparseFile,
      keysFile: programme.keysFile,
      soundFile: programme.soundFile,
    };
    const plan = context.quick ? QUICK : PLAN;
    const figures: Figure[] = [];
    for (const drill of DRILLS) {
      const result = await perform(context, sent, plan, drill.harm);
      const { ms, viewers, open, reconnects } = result.interruptions;
      context.say(`${drill.id}: ${describe(result)}`);
      if (viewers === 0) throw new Error(`${drill.id}: nobody was interrupted, so nothing was killed`);
      if (open > 0 || result.after.picturesMin === 0)
        throw new Error(
          `${drill.id}: ${open} viewers never came back; the publisher: ${result.publisherError || 'no error'}`,
        );
      figures.push({
        id: drill.id,
        what: drill.what,
        value: ms.p95 ?? Number.NaN,
        unit: 'ms',
        betterIs: 'lower',
        reach: drill.reach,
        farGoal: drill.farGoal,
        min: ms.min ?? Number.NaN,
        max: ms.max ?? Number.NaN,
        note: `last packet to next packet at ${viewers} viewers, ${NOTICED_AFTER_MS} ms of it until they and the publisher notice; ${reconnects} new sessions of viewers, ${result.publisherReconnects} of the publisher`,
      });
    }
    const drained = await perform(context, sent, plan, drain);
    context.say(`P6.drain: ${describe(drained)}`);
    figures.push({
      id: 'P6.drain',
      what: `viewers interrupted for ${NOTICED_AFTER_MS} ms while the host is drained`,
      value: drained.interruptions.viewers,
      unit: 'viewers',
      betterIs: 'lower',
      reach: 0,
      farGoal: 0,
      note: `of ${plan.viewers} WHEP viewers, ${plan.afterSeconds} s from POST /control/drain`,
    });
    return figures;
  },
};

async function perform(
  context: BareContext,
  sent: Sent,
  plan: RecoveryPlan,
  harm: (server: OurServer) => Promise<void>,
): Promise<RecoveryResult> {
  const server = await startOurs(context, sent, { env: { WORKERS } });
  try {
    const { target } = server;
    let harming: Promise<void> | undefined;
    const { reports } = await context.swarm(
      'load-tests/k6/recovery.ts',
      {
        TARGET: JSON.stringify({
          ...target,
          crowd: { ...target.crowd, reconnect: true, stallMs: NOTICED_AFTER_MS },
          publish: { ...target.publish, reconnectMs: NOTICED_AFTER_MS },
        }),
        PLAN: JSON.stringify(plan),
      },
      server.prefix,
      (line) => {
        if (line.includes('READY')) harming ??= harm(server);
      },
    );
    if (!harming) throw new Error('the swarm never got ready');
    await harming;
    const result = reports[0] as RecoveryResult | undefined;
    if (!result || result.join.withKey < plan.viewers)
      throw new Error(`not everybody got in: ${JSON.stringify(result?.join)}`);
    return result;
  } finally {
    await server.stop();
  }
}

async function drain(server: OurServer): Promise<void> {
  const response = await fetch(`${server.url}/control/drain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.controlToken}` },
  });
  if (!response.ok) throw new Error(`drain: HTTP ${response.status}`);
}

function describe({ interruptions, after, publisherReconnects }: RecoveryResult): string {
  const { viewers, open, ms, reconnects } = interruptions;
  return `${viewers} viewers interrupted, ${open} still are, median ${ms.p50} ms, p95 ${ms.p95} ms; ${reconnects} new sessions, ${publisherReconnects} of the publisher; afterwards ${after.viewers} watch, ${after.picturesMin} pictures at least`;
}
