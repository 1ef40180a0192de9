/**
 * A great day on one machine: stores live in their rooms, some relay headquarters, people talk, links are handed on five deep, flash
 * sales, bundles, coupons, group buys, refunds, rains of red packets, viewers by WebRTC and HLS. Meanwhile every process is killed
 * once with -9. Afterwards the auditors of money, stock, promises, messages and red packets must find nothing.
 * GREAT_DAY_SEED: one day alone, instead of the three of seeds 1 to 3. The report is results/great-day-SEED.svg beside the table.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openProgramme, setRelay } from '@walnut-live/contracts';
import { comeToRest, differencesOfLife, differencesOfWorld } from '../../e2e/kit/fault-books.ts';
import { trade } from '../../e2e/kit/fault-life.ts';
import type { BareContext, BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { handOn, seedDay } from '../great-day/brand.ts';
import { watchByHls } from '../great-day/hls-viewers.ts';
import { openHouse } from '../great-day/house.ts';
import { enter, type Rained, rain } from '../great-day/people.ts';
import type { Pictures, PicturesResult } from '../great-day/pictures.ts';
import { type DaySize, GREAT, planFaults, QUICK } from '../great-day/plan.ts';
import { drawDay, type FaultReport, type Sample } from '../great-day/report.ts';

const SEEDS = process.env.GREAT_DAY_SEED ? [Number(process.env.GREAT_DAY_SEED)] : [1, 2, 3];
const SAMPLE_MS = 2_000;
/** HLS streams are packaged by a program each: few streams, many viewers. */
const HLS_STREAMS = 4;
/** Who got no part for so long at the end does not watch. */
const WATCHING_MS = 15_000;
/**
 * Pictures are looked at when the machine has worked off what the last faults held up: while 2,000 people, their trade and what
 * watches them share two cores, half a second without a packet is nobody's fault.
 */
const REST_SECONDS = 60;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function live(context: BareContext, size: DaySize, seed: number): Promise<Figure[]> {
  const house = await openHouse(context);
  const { world } = house;
  try {
    const { brand, rooms, programme, life } = await seedDay(world, size);
    for (const room of rooms) await handOn(world, room);
    const openTo = { params: { id: programme.id }, as: brand.staff.operations };
    await world.ok(openProgramme, { ...openTo, body: { openTo: [brand.hq.path] } });
    const relaying = rooms.slice(0, size.relays);
    for (const { shop, brand: own } of relaying)
      await world.ok(setRelay, {
        ...{ params: { id: shop.room.id }, as: own.staff.a.guide },
        body: { programmeId: programme.id },
      });
    context.say(`${size.stores} stores, ${rooms.length + 1} rooms, ${relaying.length} of them relay headquarters`);

    // Headquarters' stream has the viewers of all rooms that relay it.
    const own = rooms.slice(size.relays).map(({ shop }) => shop.room.streamId);
    const streams = [programme.streamId, ...own];
    const viewersOf = (at: number) =>
      Math.max(1, Math.round((size.webrtcViewers / size.rooms) * (at === 0 ? size.relays : 1)));
    const pictures: Pictures = {
      streams: streams.map((streamId, at) => ({
        ...{ streamId, viewers: viewersOf(at) },
        publish: house.publishOptions(streamId, at),
        crowd: house.crowdOptions(streamId, at),
      })),
      seconds: size.seconds + REST_SECONDS,
    };
    const people = await enter(world, rooms, size.people);
    let everybodyWatches = (): void => undefined;
    const watching = new Promise<void>((resolve) => {
      everybodyWatches = resolve;
    });
    const swarm = context.swarm('load-tests/k6/great-day.ts', { PICTURES: JSON.stringify(pictures) }, [], (line) => {
      if (line.includes('READY')) everybodyWatches();
    });
    await Promise.race([watching, swarm]);
    const hls = watchByHls(streams.slice(0, HLS_STREAMS), size.hlsViewers, {
      secret: house.secret,
      urlOf: (stream, attempt) => house.media[(streams.indexOf(stream) + attempt) % house.media.length]?.url ?? '',
    });
    context.say(`${people.online()} people with sockets, ${size.webrtcViewers} viewers by WebRTC, ${hls.count} by HLS`);

    const began = performance.now();
    const second = () => Math.round((performance.now() - began) / 1_000);
    const samples: Sample[] = [];
    const sampler = setInterval(() => {
      const at = {
        second: second(),
        online: people.online(),
        acknowledged: people.acknowledged(),
        hlsParts: hls.parts(),
      };
      const push = (orders: number | null) => samples.push({ ...at, orders });
      world.api.platform.db.sql<{ n: number }>`SELECT count(*)::int AS n FROM orders`.then(
        ([row]) => push(row?.n ?? 0),
        () => push(null),
      );
    }, SAMPLE_MS);
    const silence = people.talk(size.messagesPerSecond);
    const trading = Promise.all(rooms.map((room, at) => trade(world, room.brand, room.shop, seed * 1_000 + at, life)));
    const raining = (async () => {
      const rained: Rained[] = [];
      for (let n = 0; n < size.rains; n++) {
        await sleep((size.seconds * 1_000) / (size.rains + 1));
        const at = (n * 7) % rooms.length;
        const [room, crowd] = [rooms[at], people.crowds[at]];
        if (room && crowd) rained.push(await rain(world, room, crowd));
      }
      return rained;
    })();
    const faults: FaultReport[] = [];
    for (const planned of planFaults(seed, size.seconds)) {
      await sleep(Math.max(0, planned.atSecond * 1_000 - (performance.now() - began)));
      const [atSecond, killedAt] = [second(), performance.now()];
      await house.fault(planned.what);
      const backAfterMs = Math.round(performance.now() - killedAt);
      faults.push({ ...planned, atSecond, backAfterMs });
      context.say(`${atSecond} s: ${planned.what} killed, back after ${backAfterMs} ms`);
    }
    await sleep(Math.max(0, size.seconds * 1_000 - (performance.now() - began)));
    silence();
    const [lives, rained] = await Promise.all([trading, raining]);
    await people.settle();
    const hlsAtTheEnd = await hls.stop(WATCHING_MS);
    clearInterval(sampler);
    const { reports } = await swarm;
    const swarmed = reports[0] as PicturesResult;
    world.wechat.fates.length = 0;

    const rest = await comeToRest(world);
    const found = [
      ...rest,
      ...(await differencesOfWorld(world)),
      ...(await Promise.all(lives.map((one) => differencesOfLife(world, one)))).flat(),
      ...(await people.differences()),
      ...rained.flatMap(({ differences }) => differences),
    ];
    const acknowledged = people.acknowledged();
    people.leave();
    const name = `great-day-${seed}`;
    const folder = context.quick ? join(ROOT, '.cache') : join(ROOT, 'load-tests/results');
    mkdirSync(folder, { recursive: true });
    const title = `A great day, seed ${seed}: ${size.people} people, ${lives.reduce((sum, { promised }) => sum + promised.length, 0)} orders, ${found.length} differences`;
    writeFileSync(join(folder, `${name}.svg`), drawDay(title, samples, faults));
    if (found.length > 0) throw new Error(`the auditors found ${found.length}:\n${found.slice(0, 30).join('\n')}`);
    const stuck = swarmed.streams.filter(
      ({ interruptions, picturesAtTheEnd }) => interruptions.open > 0 || picturesAtTheEnd === 0,
    );
    if (stuck.length > 0) {
      const said = await Promise.all(stuck.map(({ streamId }) => house.whatIsSaidOf(streamId)));
      throw new Error(`viewers never came back: ${JSON.stringify({ stuck, said })}`);
    }
    if (hlsAtTheEnd < hls.count)
      throw new Error(`${hls.count - hlsAtTheEnd} of ${hls.count} do not watch by HLS at the end`);

    const [sums] = await world.api.platform.db.sql<{ paid: number; refunds: number; credited: number; groups: number }>`
      SELECT (SELECT count(*)::int FROM orders WHERE paid_at IS NOT NULL) AS paid,
        (SELECT count(*)::int FROM refunds WHERE state = 'succeeded') AS refunds,
        (SELECT count(DISTINCT order_id)::int FROM commission_entries) AS credited,
        (SELECT count(*)::int FROM group_buys WHERE state = 'complete') AS groups`;
    const happened = { ...sums, acknowledged, grabbed: rained.reduce((all, { grabbed }) => all + grabbed, 0) };
    const nothing = Object.entries(happened).filter(([, times]) => !times);
    // A day on which nothing happens proves nothing.
    if (nothing.length > 0 && !context.quick)
      throw new Error(`it never happened: ${nothing.map(([what]) => what).join(', ')}`);
    const interrupted = swarmed.streams.flatMap(({ interruptions: { ms } }) => (ms.max === null ? [] : [ms.max]));
    const note = `seed ${seed}: ${faults.map(({ what, atSecond }) => `${what} at ${atSecond} s`).join(', ')}`;
    const count = (id: string, what: string, value: number, unit: string, more = ''): Figure => ({
      ...{ id: `day${seed}.${id}`, what, value, unit, betterIs: 'higher', note: more },
    });
    return [
      {
        id: `day${seed}.differences`,
        what: 'differences that the auditors found',
        value: found.length,
        unit: '',
        betterIs: 'lower',
        reach: 0,
        farGoal: 0,
        note,
      },
      count(
        'people',
        'people with a socket',
        size.people,
        'people',
        `in ${rooms.length} rooms of ${size.stores} stores, on two api`,
      ),
      count(
        'messages',
        'messages acknowledged',
        acknowledged,
        'messages',
        'each in the journal once and shown to its sender',
      ),
      count(
        'orders',
        'orders paid',
        sums?.paid ?? 0,
        'orders',
        `${sums?.refunds} refunds, ${sums?.groups} groups completed, ${sums?.credited} orders with commission`,
      ),
      count('packets', 'red packets taken', happened.grabbed, 'packets', `in ${rained.length} rains`),
      count(
        'webrtc',
        'viewers by WebRTC at the end',
        swarmed.streams.reduce((all, { viewers }) => all + viewers, 0),
        'viewers',
        `of ${streams.length} streams on two hosts; the longest without a packet ${Math.round(Math.max(0, ...interrupted))} ms`,
      ),
      count(
        'hls',
        'viewers by HLS at the end',
        hlsAtTheEnd,
        'viewers',
        `${hls.parts()} parts; the longest without one ${Math.round(Math.max(0, ...hls.gapsMs))} ms`,
      ),
    ];
  } finally {
    await house.stop();
  }
}

export const scenario: BareScenario = {
  name: 'great-day',
  title: 'a whole day of live selling while every process is killed once; the books must agree, three times',
  bare: true,
  async run(context) {
    const figures: Figure[] = [];
    for (const seed of context.quick ? SEEDS.slice(0, 1) : SEEDS) {
      const dataDir = join(context.dataDir, `day-${seed}`);
      mkdirSync(dataDir);
      figures.push(...(await live({ ...context, dataDir }, context.quick ? QUICK : GREAT, seed)));
    }
    return figures;
  },
};
