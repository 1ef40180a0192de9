/**
 * Recordings: what api orders from a media server, and the token with which a player gets a replay.
 *
 * PUT    /control/recordings/:roomId         RecordingOrder → RecordingView   the whole order each time; an older version is ignored
 * PUT    /control/recordings/:roomId/help    RecordingOrder → 204   to hosts that are not its home: keep what you carry of it
 * GET    /control/recordings/:roomId         → RecordingView   (a room nobody ever recorded is `unknown`, not 404)
 * DELETE /control/recordings/:roomId         → 204             again: the same answer
 * PUT    /control/recordings/:roomId/visibility   RecordingVisibility → RecordingView   404 where the recording is not
 * POST   /control/recordings/:roomId/files   FileOrder → FileView   begins to make an MP4, or tells how far it is
 * GET    /replay/:roomId/master.m3u8?token=  VOD playlist; GET /replay/:roomId/video.mp4?token= the file (ranges)
 * Errors: { error: MediaError }.
 */
import { z } from 'zod';
import { MediaPersonId, MediaStreamId } from './tokens.ts';

/** Room ids are the names of recordings, in URLs and in storage. */
export const RecordingId = MediaStreamId;
const EpochMs = z.int().min(0);

/** What the room showed: this stream from then until then (null: still). Epoch milliseconds of the server. */
export const RecordingSpan = z.strictObject({ streamId: MediaStreamId, fromMs: EpochMs, toMs: z.nullable(EpochMs) });
export type RecordingSpan = z.infer<typeof RecordingSpan>;

/** Pointer moves of one room; more than a cut-in a minute for half a day. */
export const MAX_RECORDING_SPANS = 500;

export const RecordingOrder = z.strictObject({
  /** Grows with every change. */
  version: z.int().min(1),
  state: z.enum(['recording', 'ended']),
  /** In the order of time, without overlaps. */
  spans: z.array(RecordingSpan).min(1).max(MAX_RECORDING_SPANS),
});
export type RecordingOrder = z.infer<typeof RecordingOrder>;

/** Taken back, or shown again: an ended recording keeps everything, but only who may see what is hidden gets it. */
export const RecordingVisibility = z.strictObject({ hidden: z.boolean() });
export type RecordingVisibility = z.infer<typeof RecordingVisibility>;

/** A piece without a gap: `offsetMs` in the video is `atMs` on the clock. */
export const RecordingPiece = z.strictObject({ atMs: EpochMs, offsetMs: z.int().min(0), durationMs: z.int().min(0) });
export type RecordingPiece = z.infer<typeof RecordingPiece>;

export const RecordingView = z.strictObject({
  /** processing: the last segments are on their way. empty: it ended without a picture. */
  state: z.enum(['unknown', 'recording', 'processing', 'ready', 'empty']),
  durationMs: z.int(),
  bytes: z.int(),
  pieces: z.array(RecordingPiece),
});
export type RecordingView = z.infer<typeof RecordingView>;

/** Part of a recording, by the clock; without it the whole. */
export const RecordingRange = z.strictObject({ fromMs: EpochMs, toMs: EpochMs });
export type RecordingRange = z.infer<typeof RecordingRange>;
export const FileOrder = z.strictObject({ range: z.nullable(RecordingRange) });
export const FileView = z.strictObject({ state: z.enum(['making', 'ready', 'failed']), bytes: z.nullable(z.int()) });
export type FileView = z.infer<typeof FileView>;

export const REPLAY_AUDIENCE = 'replay';
/** Needed to begin; playing goes on by the session that the playlist carries. */
export const REPLAY_TOKEN_MAX_LIFE_SECONDS = 300;
/** HS256 over MEDIA_TOKEN_SECRET, by api: one person, one recording or a part of it. */
export const ReplayTokenClaims = z.strictObject({
  aud: z.literal(REPLAY_AUDIENCE),
  sub: MediaPersonId,
  roomId: RecordingId,
  /** watch: playlist. download: the MP4. */
  right: z.enum(['watch', 'download']),
  range: z.nullable(RecordingRange),
  /** Also while the recording is hidden. */
  evenHidden: z.exactOptional(z.boolean()),
  /** Of the downloaded file. */
  fileName: z.exactOptional(z.string().max(120)),
  jti: z.string().min(1).max(128),
  iat: z.int(),
  exp: z.int(),
});
export type ReplayTokenClaims = z.infer<typeof ReplayTokenClaims>;
