/** The delivery directives of a blocking playlist reload (RFC 8216bis §6.2.5.2). Pure. */
import { mediaFailure } from '../platform/failure.ts';
import { PART_TARGET_SECONDS } from './cutter.ts';

export interface BlockingRequest {
  sequence: number;
  /** null: the whole segment. */
  part: number | null;
}

/** A client that knows the playlist never asks for more than the segment after the next. */
const MAX_SEGMENTS_AHEAD = 2;
/** Nor for a part that is further away than the longest that a request may wait. */
const MAX_PARTS_AHEAD = Math.ceil(3 / PART_TARGET_SECONDS);
/** One spelling for one number: others would be other names of the same answer in every cache. */
const NUMBER = /^(0|[1-9]\d{0,11})$/;
const NAMES: readonly string[] = ['_HLS_msn', '_HLS_part'];

/** null: an ordinary request. @throws MediaFailure media_payload_invalid */
export function readBlockingRequest(query: Record<string, unknown>): BlockingRequest | null {
  const sequence = query._HLS_msn;
  const part = query._HLS_part;
  // A cache that does not mind the case would keep the newest playlist as the one that was waited for.
  const isMisspelt = (name: string): boolean =>
    !NAMES.includes(name) && NAMES.some((known) => known.toLowerCase() === name.toLowerCase());
  if (Object.keys(query).some(isMisspelt)) throw mediaFailure('media_payload_invalid', { why: 'delivery-directives' });
  if (sequence === undefined && part === undefined) return null;
  const isNumber = (value: unknown): value is string => typeof value === 'string' && NUMBER.test(value);
  if (!isNumber(sequence) || (part !== undefined && !isNumber(part))) {
    throw mediaFailure('media_payload_invalid', { why: 'delivery-directives' });
  }
  return { sequence: Number(sequence), part: part === undefined ? null : Number(part) };
}

/** @param next where the next part will be */
export function isTooFarAhead(wanted: BlockingRequest, next: { sequence: number; part: number }): boolean {
  if (wanted.sequence > next.sequence + MAX_SEGMENTS_AHEAD) return true;
  return wanted.sequence >= next.sequence && (wanted.part ?? 0) > next.part + MAX_PARTS_AHEAD;
}
