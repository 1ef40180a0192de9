/**
 * Streams as the media servers have them, over their control API.
 *
 * Model: several servers carry one stream; its origin knows the publisher, each server its own viewers. All are asked at
 * once and nobody is waited for longer than TIMEOUT_MS; requests for the same thing share one reading. Invariant: when the
 * origin may be among those that did not answer, nothing is said instead of something wrong.
 */
import {
  ControlStreamDetail,
  ControlStreamDetailsReply,
  type StreamHealth,
  type StreamViewers,
} from '@walnut-live/contracts';
import type { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { healthOf } from './health.policy.ts';

const TIMEOUT_MS = 1_500;
/** Walls are looked at by many and ask every few seconds. */
const FIGURES_FRESH_MS = 3_000;

export interface StreamFigures {
  readonly viewers: StreamViewers;
  readonly health: StreamHealth | null;
  /** 0 to 1, the worst track's. */
  readonly lossRatio: number | null;
}

export interface MediaStreams {
  /** The origin's word with everybody's viewers. @throws AppError unavailable */
  detail(streamId: string): Promise<ControlStreamDetail>;
  /** Of the streams that are not idle, as far as media servers answer; at most a few seconds old. Never throws. */
  figures(): Promise<ReadonlyMap<string, StreamFigures>>;
}

const RANK = { live: 2, interrupted: 1, idle: 0 } as const;
const isOrigin = (detail: ControlStreamDetail): boolean => detail.role !== 'edge' && detail.state !== 'idle';

/** What several servers say of one stream; one at the least. */
function merge(details: readonly ControlStreamDetail[]): ControlStreamDetail {
  const worth = (detail: ControlStreamDetail): number => (isOrigin(detail) ? 10 : 0) + RANK[detail.state];
  const best = details.reduce((a, b) => (worth(b) > worth(a) ? b : a));
  const sum = (how: keyof StreamViewers): number => details.reduce((total, { viewers }) => total + viewers[how], 0);
  return { ...best, viewers: { realtime: sum('realtime'), smooth: sum('smooth') } };
}

/** @param deps.urls control addresses of all media servers, one at the least */
export function createMediaStreams(deps: {
  urls: readonly string[];
  token: string;
  log: Logger;
  now?: () => number;
}): MediaStreams {
  const { urls, token, log, now = Date.now } = deps;
  const reading = new Map<string, Promise<ControlStreamDetail>>();
  let figures: { atMs: number; value: Promise<ReadonlyMap<string, StreamFigures>> } | null = null;

  /** Null when it did not answer in time, or not by the contract. */
  async function ask<T extends z.ZodType>(url: string, path: string, reply: T): Promise<z.output<T> | null> {
    try {
      const response = await fetch(new URL(path, url), {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.ok) return reply.parse(await response.json());
      await response.body?.cancel();
      log.warn({ path, status: response.status }, 'media streams: refused');
    } catch (error) {
      log.warn({ err: error, path }, 'media streams: no answer');
    }
    return null;
  }
  async function askAll<T extends z.ZodType>(path: string, reply: T) {
    const answers = await Promise.all(urls.map((url) => ask(url, path, reply)));
    return answers.flatMap((answer) => (answer === null ? [] : [answer]));
  }

  async function readDetail(streamId: string): Promise<ControlStreamDetail> {
    const details = await askAll(`/control/streams/${encodeURIComponent(streamId)}`, ControlStreamDetail);
    const isSure = details.length === urls.length || details.some(isOrigin);
    if (!isSure || details.length === 0) throw new AppError('unavailable');
    return merge(details);
  }

  async function readFigures(): Promise<ReadonlyMap<string, StreamFigures>> {
    const replies = await askAll('/control/stream-details', ControlStreamDetailsReply);
    const byStream = Map.groupBy(
      replies.flatMap(({ streams }) => streams),
      ({ streamId }) => streamId,
    );
    return new Map(
      [...byStream].map(([streamId, details]): [string, StreamFigures] => {
        const merged = merge(details);
        const losses = merged.publisher?.tracks.flatMap(({ lossRatio }) => (lossRatio === null ? [] : [lossRatio]));
        const lossRatio = losses?.length ? Math.max(...losses) : null;
        return [streamId, { viewers: merged.viewers, health: healthOf(merged), lossRatio }];
      }),
    );
  }

  return {
    detail(streamId) {
      let shared = reading.get(streamId);
      if (!shared) {
        shared = readDetail(streamId).finally(() => reading.delete(streamId));
        reading.set(streamId, shared);
      }
      return shared;
    },
    figures() {
      if (!figures || now() - figures.atMs > FIGURES_FRESH_MS) figures = { atMs: now(), value: readFigures() };
      return figures.value;
    },
  };
}
