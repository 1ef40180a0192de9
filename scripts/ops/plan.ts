/**
 * How many machines a deployment needs, from what was measured (load-tests/results/*.json):
 *
 *   node scripts/ops/plan.ts --viewers 5000 --rooms 40 --orders 200
 *
 * The measurements' machine counts: a core here is a core like that one. Reserve is in the answer (70 % busy, one host more).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../setup/paths.ts';

/** No process is planned fuller than this. */
const BUSY = 0.7;
/** Ethernet, IP, UDP, RTP with extensions, and the tag of AES-GCM, around each packet. Bytes. */
const PACKET_OVERHEAD_BYTES = 84;
const VIDEO_PAYLOAD_BYTES = 915; // 600 kbit/s in 82 packets a second
const SOUND = { kbps: 64, packetsPerSecond: 50 } as const;
/** What a frame of a room carries of the crowd at most, per second and person (docs/04). */
const CROWD_MESSAGES_PER_SECOND = 20;
const NETWORK_CARD_MBPS = 900;

export interface Demand {
  /** People in rooms at the same time, at the peak. */
  viewers: number;
  /** Lives at the same time. */
  rooms: number;
  /** Orders per second at the peak, over all rooms. */
  ordersPerSecond: number;
  /** Of the viewers, 0 to 1: those who watch by HLS, from a cache or CDN. */
  hlsShare: number;
  videoKbps: number;
  coresPerMediaHost: number;
}

export interface Measured {
  /** WebRTC viewers of 664 kbit/s when a core is full. */
  viewersPerCore: number;
  /** Room messages delivered per second and core, in time. */
  messagesPerCore: number;
  socketKb: number;
  apiBaseMb: number;
  /** Accepted orders of one SKU per second, one process. */
  hotSkuPerSecond: number;
  shopMsPerOrder: number;
  databaseMsPerOrder: number;
  walBytesPerOrder: number;
  joinsPerSecond: number;
}

export interface Plan {
  media: { hosts: number; cores: number; mbpsPerHost: number; mbps: number; boundBy: 'processor' | 'network' };
  hls: { mbps: number };
  api: { processes: number; cores: number; memoryMbPerProcess: number };
  database: { cores: number; walMbps: number };
  recording: { gbPerHour: number };
  warnings: string[];
}

/** Mbit/s of one viewer on the wire, and packets a second. */
export function viewerLoad(videoKbps: number): { mbps: number; packets: number } {
  const packets = (videoKbps * 1_000) / 8 / VIDEO_PAYLOAD_BYTES + SOUND.packetsPerSecond;
  return { packets, mbps: ((videoKbps + SOUND.kbps) * 1_000 + packets * PACKET_OVERHEAD_BYTES * 8) / 1e6 };
}

/** Pure: what `demand` needs where `measured` was seen. */
export function plan(demand: Demand, measured: Measured): Plan {
  const webrtc = demand.viewers * (1 - demand.hlsShare);
  const one = viewerLoad(demand.videoKbps);
  // The cost is per packet; a publisher costs about what a viewer does, and every room has one at least.
  const heavier = one.packets / viewerLoad(600).packets;
  const mediaCores = ((webrtc + demand.rooms) * heavier) / (measured.viewersPerCore * BUSY);
  const mbps = webrtc * one.mbps;
  const byProcessor = Math.ceil(mediaCores / demand.coresPerMediaHost);
  const byNetwork = Math.ceil(mbps / NETWORK_CARD_MBPS);
  const needed = Math.max(1, byProcessor, byNetwork);

  const talkCores = (demand.viewers * CROWD_MESSAGES_PER_SECOND) / measured.messagesPerCore;
  const shopCores = (demand.ordersPerSecond * measured.shopMsPerOrder) / 1_000;
  const apiCores = (talkCores + shopCores) / BUSY;
  const needing = Math.max(1, Math.ceil(apiCores)); // a process uses one core

  const warnings: string[] = [];
  if (demand.ordersPerSecond > measured.hotSkuPerSecond * BUSY)
    warnings.push(
      `One SKU sells ${Math.floor(measured.hotSkuPerSecond)} pieces a second at most; ${demand.ordersPerSecond} orders a second must be of several.`,
    );
  if (webrtc / 60 > measured.joinsPerSecond)
    warnings.push(
      `All at once within a minute is ${Math.round(webrtc / 60)} joins a second; ${measured.joinsPerSecond} were measured on one host.`,
    );
  if (demand.viewers > 0 && demand.rooms === 0) warnings.push('Viewers without a room.');
  return {
    media: {
      hosts: needed + 1,
      cores: round(mediaCores),
      mbps: round(mbps),
      mbpsPerHost: round(mbps / needed),
      boundBy: byNetwork > byProcessor ? 'network' : 'processor',
    },
    hls: { mbps: round((demand.viewers * demand.hlsShare * (demand.videoKbps + SOUND.kbps) * 1.05) / 1_000) },
    api: {
      processes: needing + 1,
      cores: round(apiCores),
      // When one is away the others have its people.
      memoryMbPerProcess: Math.ceil(measured.apiBaseMb + (demand.viewers / needing) * (measured.socketKb / 1_024)),
    },
    database: {
      cores: round((demand.ordersPerSecond * measured.databaseMsPerOrder) / 1_000 / BUSY),
      walMbps: round((demand.ordersPerSecond * measured.walBytesPerOrder * 8) / 1e6),
    },
    recording: { gbPerHour: round((demand.rooms * (demand.videoKbps + SOUND.kbps) * 3_600) / 8 / 1e6) },
    warnings,
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** The figures of the results on disk. @throws Error naming a figure that is not there */
export function readMeasured(folder = join(ROOT, 'load-tests/results')): Measured {
  const figure = (name: string, id: string): number => {
    const { figures } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as {
      figures: { id: string; value: number }[];
    };
    const found = figures.find((one) => one.id === id);
    if (!found) throw new Error(`${name}.json has no figure ${id}`);
    return found.value;
  };
  return {
    viewersPerCore: figure('webrtc-viewers', 'P1.full'),
    messagesPerCore: figure('room-messages', 'P4'),
    socketKb: figure('room-messages', 'P11.memory'),
    apiBaseMb: figure('room-messages', 'P11.room'),
    hotSkuPerSecond: figure('hot-sku', 'P5'),
    shopMsPerOrder: figure('hot-sku', 'P5.cpu-shop'),
    databaseMsPerOrder: figure('hot-sku', 'P5.cpu-database'),
    walBytesPerOrder: figure('hot-sku', 'P5.wal'),
    joinsPerSecond: 100, // P2.fast is measured at this rate
  };
}

/** @throws Error for what is no number */
export function readDemand(args: readonly string[]): Demand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      viewers: { type: 'string', default: '1000' },
      rooms: { type: 'string', default: '10' },
      orders: { type: 'string', default: '20' },
      hls: { type: 'string', default: '0.3' },
      kbps: { type: 'string', default: '600' },
      cores: { type: 'string', default: '4' },
    },
  });
  const number = (name: keyof typeof values, min: number, max: number): number => {
    const value = Number(values[name]);
    if (!(value >= min && value <= max)) throw new Error(`--${name} must be a number from ${min} to ${max}`);
    return value;
  };
  return {
    viewers: number('viewers', 0, 1e7),
    rooms: number('rooms', 0, 1e5),
    ordersPerSecond: number('orders', 0, 1e5),
    hlsShare: number('hls', 0, 1),
    videoKbps: number('kbps', 100, 10_000),
    coresPerMediaHost: number('cores', 1, 64),
  };
}

export function toText(demand: Demand, { media, hls, api, database, recording, warnings }: Plan): string {
  return [
    `For ${demand.viewers} viewers in ${demand.rooms} rooms and ${demand.ordersPerSecond} orders a second:`,
    `  media     ${media.hosts} hosts of ${demand.coresPerMediaHost} cores (${media.cores} cores of work at 70 %, bound by the ${media.boundBy}), ${media.mbpsPerHost} Mbit/s each; one may be away`,
    `  HLS       ${hls.mbps} Mbit/s from a cache or CDN`,
    `  api       ${api.processes} processes (${api.cores} cores at 70 %), ${api.memoryMbPerProcess} MB each; one may be away`,
    `  database  ${database.cores} cores for orders, ${database.walMbps} Mbit/s of WAL; reports and the rest come on top`,
    `  recording ${recording.gbPerHour} GB an hour`,
    ...warnings.map((warning) => `  ! ${warning}`),
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  try {
    const demand = readDemand(process.argv.slice(2));
    console.log(toText(demand, plan(demand, readMeasured())));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
