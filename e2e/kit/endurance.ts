/** Looks at and listens to what a viewer gets while their network is bad and when it is good again. */
import { type RemotePage, until } from '../../media-server/test/kit.ts';

const SAMPLE_MS = 100;
/** What the guide publishes at best: 1280 × 720. */
const BEST_HEIGHT = 720;

/** Counters of the viewer's connection; null while there is no such track. */
export interface Sample {
  atMs: number;
  audibleSamples: number | null;
  framesDecoded: number | null;
  height: number | null;
  freezeSeconds: number | null;
  /** Packets of the picture that did not come, before any repair. */
  lost: number;
  received: number;
}

const READ_SAMPLE = `(async () => {
  const sample = { atMs: Date.now(), audibleSamples: null, framesDecoded: null, height: null, freezeSeconds: null, lost: 0, received: 0 };
  for (const connection of window.testConnections) {
    if (connection.connectionState === 'closed') continue;
    for (const entry of (await connection.getStats()).values()) {
      if (entry.type !== 'inbound-rtp' || entry.mid === 'probator') continue;
      if (entry.kind === 'audio') sample.audibleSamples = entry.totalSamplesReceived - entry.concealedSamples;
      else {
        sample.framesDecoded = entry.framesDecoded;
        sample.height = entry.frameHeight ?? null;
        sample.freezeSeconds = entry.totalFreezesDuration ?? null;
        sample.lost = entry.packetsLost;
        sample.received = entry.packetsReceived;
      }
    }
  }
  return sample;
})()`;

export interface Endured {
  longestSilenceMs: number;
  lowestHeight: number;
  frames: number;
  framesPerSecond: number;
  freezeSeconds: number;
  lossRatio: number;
  bestLayerAgainAfterMs: number;
}

export async function watchFor(viewer: RemotePage, durationMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const endsAtMs = Date.now() + durationMs;
  while (Date.now() < endsAtMs) {
    samples.push((await viewer.page.evaluate(READ_SAMPLE)) as Sample);
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  }
  return samples;
}

/** Longest time without a new audible sample: what Opus had to invent does not count as sound. */
export function longestSilenceMs(samples: Sample[]): number {
  let longest = 0;
  let since = samples[0]?.atMs ?? 0;
  let heard = samples[0]?.audibleSamples ?? 0;
  for (const { atMs, audibleSamples } of samples) {
    if (audibleSamples !== null && audibleSamples > heard) {
      heard = audibleSamples;
      since = atMs;
    }
    longest = Math.max(longest, atMs - since);
  }
  return longest;
}

/** The viewer has to be watching, and comes to the best layer before the network is spoilt and after it is mended. */
export async function endure(
  viewer: RemotePage,
  { badForMs, spoil, mend }: { badForMs: number; spoil: () => void; mend: () => void },
): Promise<Endured> {
  await viewer.waitForPicture({ timeoutMs: 15_000 });
  const height = async () => ((await viewer.page.evaluate(READ_SAMPLE)) as Sample).height;
  await until('the best layer', height, (lines) => lines === BEST_HEIGHT, 30_000);

  spoil();
  const bad = await watchFor(viewer, badForMs);
  mend();
  const mendedAtMs = Date.now();
  await until('the best layer again', height, (lines) => lines === BEST_HEIGHT, 60_000);
  const growth = (name: 'lost' | 'received'): number => (bad.at(-1)?.[name] ?? 0) - (bad[0]?.[name] ?? 0);
  const frames = (bad.at(-1)?.framesDecoded ?? 0) - (bad[0]?.framesDecoded ?? 0);
  return {
    longestSilenceMs: longestSilenceMs(bad),
    lowestHeight: Math.min(...bad.map((sample) => sample.height ?? 0)),
    frames,
    framesPerSecond: Math.round((frames * 10_000) / badForMs) / 10,
    freezeSeconds: (bad.at(-1)?.freezeSeconds ?? 0) - (bad[0]?.freezeSeconds ?? 0),
    lossRatio: Math.round((1_000 * growth('lost')) / Math.max(1, growth('lost') + growth('received'))) / 1_000,
    bestLayerAgainAfterMs: Date.now() - mendedAtMs,
  };
}
