import type { TalkersEntered, TalkersMeasurement } from 'k6/x/swarm';
import type { BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { type RoomServer, startOurRoom } from '../lib/room-servers.ts';

export interface EndurancePlan {
  people: number;
  speakers: number;
  perSecond: number;
  readings: number;
  readingSeconds: number;
}
const PLAN: EndurancePlan = { people: 5_000, speakers: 400, perSecond: 5, readings: 30, readingSeconds: 60 };
const QUICK: EndurancePlan = { ...PLAN, people: 30, speakers: 30, readings: 4, readingSeconds: 1 };
/** The heap finds its size in the first minutes; what comes after them is growth. */
const WARM_UP_SHARE = 1 / 3;

/** 5,000 people in one room for half an hour: nobody is lost, nothing comes late, the process does not grow. */
export const scenario: BareScenario = {
  name: 'room-endurance',
  title: '5,000 people in one room for half an hour',
  bare: true,
  async run(context) {
    const plan = context.quick ? QUICK : PLAN;
    const server = await startOurRoom(context, plan.people);
    const heap = watchHeap(server, plan.readingSeconds * 1_000);
    try {
      const { reports } = await context.swarm(
        'load-tests/k6/room-endurance.ts',
        {
          TARGET: JSON.stringify(server.talkers),
          PROCESSES: JSON.stringify(server.processIds),
          PLAN: JSON.stringify(plan),
        },
        server.prefix,
      );
      const [start, ...readings] = reports as [{ entered: TalkersEntered }, ...TalkersMeasurement[]];
      if (!start || start.entered.entered < plan.people)
        throw new Error(`not everybody came in: ${start?.entered.errors}`);
      if (readings.length < plan.readings) throw new Error(`${readings.length} of ${plan.readings} readings`);
      return figuresOf(plan, readings, heap.readings);
    } finally {
      heap.stop();
      await server.stop();
    }
  },
};

/** The old generation as the server tells it: what lives long, and what the collector has not come to yet. */
const OLD_GENERATION = /^nodejs_heap_space_size_used_bytes\{space="old"\} (\d+)/m;
/** Between two readings the collector comes by; the lowest of so many is what lives. */
const READINGS_OF_A_LOW = 5;

function watchHeap({ talkers }: RoomServer, everyMs: number) {
  const url = new URL('/metrics', talkers.url.replace(/^ws/, 'http'));
  const readings: number[] = [];
  const timer = setInterval(async () => {
    const text = await fetch(url).then(
      (response) => response.text(),
      () => '',
    );
    const bytes = OLD_GENERATION.exec(text)?.[1];
    if (bytes) readings.push(Number(bytes) / 1e6);
  }, everyMs);
  return { readings, stop: () => clearInterval(timer) };
}

const megabytesOf = ({ processMemory }: TalkersMeasurement): number =>
  Object.values(processMemory).reduce((sum, bytes) => sum + bytes, 0) / 1e6;
const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

/** Slope of the straight line with the least squares, per step. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const over = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0);
  return over / values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
}

function figuresOf(plan: EndurancePlan, readings: readonly TalkersMeasurement[], heap: readonly number[]): Figure[] {
  const memory = readings.map(megabytesOf);
  const settled = memory.slice(Math.floor(memory.length * WARM_UP_SHARE));
  const minutes = plan.readingSeconds / 60;
  const lost = readings.reduce((sum, reading) => sum + reading.lost, 0);
  const refused = readings.reduce((sum, reading) => sum + reading.refused, 0);
  const ages = readings.map((reading) => reading.ageP99);
  const note = `memory a minute, MB: ${memory.map((value) => round(value)).join(' ')}`;
  const low = (values: readonly number[]): number => Math.min(...values);
  const later = heap.slice(Math.floor(heap.length * WARM_UP_SHARE));
  const [early, late] = [low(later.slice(0, READINGS_OF_A_LOW)), low(later.slice(-READINGS_OF_A_LOW))];
  const heapNote = `old generation a minute, MB: ${heap.map((value) => round(value)).join(' ')}`;
  return [
    {
      ...{ id: 'P4.lost', what: `sockets lost of ${plan.people}`, value: lost, unit: 'sockets', betterIs: 'lower' },
      ...{ reach: 0, note: `${readings.at(-1)?.alive} there at the end, ${refused} messages refused` },
    },
    {
      ...{ id: 'P4.growth', what: 'growth of the process after its first third', unit: 'MB/min', betterIs: 'lower' },
      ...{ value: round(slopeOf(settled) / minutes, 2), note },
    },
    {
      ...{ id: 'P4.heap', what: 'what lives in the heap: its last low minus its first after a third', unit: 'MB' },
      ...{ betterIs: 'lower', value: round(late - early, 1), note: heapNote },
    },
    {
      ...{ id: 'P4.memory', what: 'memory of the process at the end', unit: 'MB', betterIs: 'lower' },
      ...{
        value: round(memory.at(-1) ?? Number.NaN),
        min: round(Math.min(...settled)),
        max: round(Math.max(...settled)),
      },
    },
    {
      ...{ id: 'P4.latest', what: 'age of a message when it arrives, p99 of the worst minute', unit: 'ms' },
      ...{ value: round(Math.max(...ages), 1), reach: 300, betterIs: 'lower', min: round(Math.min(...ages), 1) },
    },
  ];
}
