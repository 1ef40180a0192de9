/**
 * The life of a stream as a transition table: idle → live → interrupted → live | idle. "Live" always means that packets
 * arrive. A stream that waits for its publisher has a grace time; the caller keeps that timer and reports its end.
 */
import type { StreamReason, StreamState } from '@walnut-live/contracts';

export interface StreamStatus {
  state: StreamState;
  reason: StreamReason | null;
  sinceMs: number;
}

export type StreamFact =
  /** Packets of the publisher arrive. */
  | { type: 'media-flows' }
  /** The publisher or the worker is gone without saying goodbye. */
  | { type: 'media-lost'; reason: 'publisher_lost' | 'worker_lost' | 'publisher_replaced' }
  | { type: 'grace-expired' }
  /** Deliberate end. */
  | { type: 'ended'; reason: 'publisher_left' | 'closed_by_control' | 'revoked' | 'drained' };

export function initialStatus(nowMs: number): StreamStatus {
  return { state: 'idle', reason: null, sinceMs: nowMs };
}

/** The status after a fact; the same object when nothing changes. */
export function nextStatus(status: StreamStatus, fact: StreamFact, nowMs: number): StreamStatus {
  const enter = (state: StreamState, reason: StreamReason): StreamStatus => ({ state, reason, sinceMs: nowMs });
  switch (fact.type) {
    case 'media-flows':
      if (status.state === 'live') return status;
      return enter('live', status.state === 'interrupted' ? 'resumed' : 'started');
    case 'media-lost':
      if (status.state !== 'live') return status;
      return enter('interrupted', fact.reason);
    case 'grace-expired':
      return status.state === 'interrupted' ? enter('idle', 'grace_expired') : status;
    case 'ended':
      return status.state === 'idle' ? status : enter('idle', fact.reason);
  }
}
