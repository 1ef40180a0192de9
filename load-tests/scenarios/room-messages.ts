import type { TalkersEntered, TalkersMeasurement } from 'k6/x/swarm';
import type { BareContext, BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { type RoomServer, startCentrifugo, startEmitPerMessage, startOurRoom } from '../lib/room-servers.ts';

export interface RoomPlan {
  people: number;
  speakers: number;
  /** Messages to the room per second, one after the other. */
  rates: number[];
  idleSeconds: number;
  warmSeconds: number;
  windowSeconds: number;
  stopAtAgeMs: number;
  /** Part of the generator's core; beyond it the generator is what is measured. */
  stopAtGenerator: number;
}
export interface RoomStep {
  perSecond: number;
  measured: TalkersMeasurement;
}
interface RoomStart {
  empty: TalkersMeasurement;
  entered: TalkersEntered;
  idle: TalkersMeasurement;
}
interface Measured {
  server: Pick<RoomServer, 'name' | 'version'>;
  start: RoomStart;
  steps: RoomStep[];
}

/** P4 asks for 300 ms. */
const AGE_LIMIT_MS = 300;
const PLAN: RoomPlan = {
  ...{ people: 5_000, speakers: 400, rates: [10, 20, 40] },
  ...{ idleSeconds: 6, warmSeconds: 3, windowSeconds: 8, stopAtAgeMs: AGE_LIMIT_MS, stopAtGenerator: 0.95 },
};
const QUICK: RoomPlan = {
  ...PLAN,
  ...{
    people: 30,
    speakers: 30,
    rates: [10],
    idleSeconds: 0.5,
    warmSeconds: 0.5,
    windowSeconds: 1.5,
    stopAtAgeMs: 60_000,
  },
};

/**
 * Everybody is in one room. Ours keeps every message on disk before it is acknowledged, knows who speaks and what they may,
 * and gives a viewer what can be read (20 messages of the crowd a second); the others pass on what comes.
 */
export const scenario: BareScenario = {
  name: 'room-messages',
  title: 'messages to 5,000 people in one room, delivered per second and core',
  bare: true,
  async run(context) {
    const plan = context.quick ? QUICK : PLAN;
    const starts = [
      () => startOurRoom(context, plan.people),
      () => startOurRoom(context, plan.people, { redis: true }),
      () => startEmitPerMessage(context),
      () => startCentrifugo(context),
    ];
    const results: Measured[] = [];
    for (const start of context.quick ? starts.slice(0, 3) : starts) {
      const server = await start();
      if (!server) continue;
      results.push(await measure(context, server, plan));
    }
    return figuresOf(results, plan);
  },
};

async function measure(context: BareContext, server: RoomServer, plan: RoomPlan): Promise<Measured> {
  try {
    const { reports } = await context.swarm(
      'load-tests/k6/room-messages.ts',
      {
        TARGET: JSON.stringify(server.talkers),
        PROCESSES: JSON.stringify(server.processIds),
        PLAN: JSON.stringify(plan),
      },
      server.prefix,
    );
    const [start, ...steps] = reports as [RoomStart, ...RoomStep[]];
    if (!start || start.entered.entered < plan.people) {
      throw new Error(`${server.name}: ${start?.entered.entered} of ${plan.people} came in: ${start?.entered.errors}`);
    }
    for (const { perSecond, measured } of steps) context.say(`${server.name}: ${perSecond}/s → ${describe(measured)}`);
    const [first] = steps;
    if (!first || first.measured.delivered < first.measured.acknowledged * plan.people * 0.8) {
      throw new Error(`${server.name}: too little arrived: ${JSON.stringify(first)}`);
    }
    return { server, start, steps };
  } finally {
    await server.stop();
  }
}

const cpuOf = ({ processSeconds }: TalkersMeasurement): number =>
  Object.values(processSeconds).reduce((sum, seconds) => sum + seconds, 0);
const memoryOf = ({ processMemory }: TalkersMeasurement): number =>
  Object.values(processMemory).reduce((sum, bytes) => sum + bytes, 0);
const deliveredPerSecond = (m: TalkersMeasurement): number => m.delivered / m.seconds;
const deliveredPerCore = (m: TalkersMeasurement): number => m.delivered / cpuOf(m);
const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

function describe(m: TalkersMeasurement): string {
  return [
    `${round(deliveredPerSecond(m))} delivered/s`,
    `${round(deliveredPerCore(m))} per core-second`,
    `p50 ${m.ageP50} ms, p99 ${m.ageP99} ms`,
    `${m.sent} sent, ${m.acknowledged} acknowledged, ${m.refused} refused`,
    `server ${round((100 * cpuOf(m)) / m.seconds)} %, load ${round((100 * m.cpuSeconds) / m.seconds)} % of a core`,
    `${m.alive} there, ${m.lost} lost`,
  ].join(', ');
}

/** The fullest step that still was in time. */
function bestOf({ steps }: Measured): RoomStep | undefined {
  const inTime = steps.filter(({ measured }) => measured.ageP99 <= AGE_LIMIT_MS && measured.lost === 0);
  return inTime.sort((a, b) => deliveredPerSecond(b.measured) - deliveredPerSecond(a.measured))[0] ?? steps[0];
}

function figuresOf(results: Measured[], plan: RoomPlan): Figure[] {
  const [ours, ...others] = results;
  if (!ours) return [];
  const compare = (value: (result: Measured) => number, digits = 0) => ({
    value: round(value(ours), digits),
    peers: others.map((result) => ({ ...result.server, value: round(value(result), digits) })).map(pick),
  });
  const best = (result: Measured): TalkersMeasurement | undefined => bestOf(result)?.measured;
  const of = (read: (m: TalkersMeasurement) => number) => (result: Measured) => {
    const found = best(result);
    return found ? read(found) : Number.NaN;
  };
  const notes = results.map((result) => {
    const step = bestOf(result);
    return `${result.server.name}: at ${step?.perSecond}/s ${step ? describe(step.measured) : ''}`;
  });
  const perSocket = ({ start }: Measured): number =>
    (memoryOf(start.idle) - memoryOf(start.empty)) / Math.max(1, start.entered.entered) / 1_000;
  return [
    {
      ...{ id: 'P4', what: 'room messages delivered per second of one core, in time (p99 ≤ 300 ms)', unit: '1/s' },
      ...{ betterIs: 'higher', reach: 200_000, farGoal: 1_000_000, note: notes.join('. ') },
      ...compare(of(deliveredPerCore)),
    },
    {
      ...{ id: 'P4.rate', what: `delivered per second to ${plan.people} people, as measured`, unit: '1/s' },
      ...{ betterIs: 'higher', ...compare(of(deliveredPerSecond)) },
    },
    {
      ...{ id: 'P4.p99', what: 'age of a message when it arrives, p99, at that rate', unit: 'ms' },
      ...{
        betterIs: 'lower',
        reach: 300,
        farGoal: 150,
        ...compare(
          of((m) => m.ageP99),
          1,
        ),
      },
    },
    {
      ...{ id: 'P11.memory', what: 'memory of the server per socket that listens', unit: 'kB' },
      ...{ betterIs: 'lower', farGoal: 10, ...compare(perSocket, 1) },
    },
    {
      ...{ id: 'P11.cpu', what: `processor of the server for ${plan.people} silent sockets`, unit: '% of a core' },
      ...{ betterIs: 'lower', ...compare(({ start }) => (100 * cpuOf(start.idle)) / start.idle.seconds, 1) },
    },
    {
      ...{ id: 'P11.room', what: 'memory of the server before anybody comes', unit: 'MB' },
      ...{ betterIs: 'lower', ...compare(({ start }) => memoryOf(start.empty) / 1e6, 0) },
    },
  ];
}

const pick = ({ name, version, value }: { name: string; version: string; value: number }) => ({ name, version, value });
