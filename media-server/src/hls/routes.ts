/**
 * `/hls/:streamId/*`.
 *
 * The master playlist takes a media token and answers with a media playlist URI that carries a signed playlist session.
 * Everything below it is the same for all viewers, so that a cache may give one answer to all of them: a cache checks each
 * viewer's session at `/session` and leaves it out of its key (docs/07-hls.md); without a cache it is checked here, with
 * revocations, on every poll. Segments and parts carry no session: their names cannot be guessed and never change.
 */
import { MediaStreamId } from '@walnut-live/contracts';
import express, { type Router } from 'express';
import { mediaFailure } from '../platform/failure.ts';
import type { MediaTokens } from '../platform/media-tokens.ts';
import { sendElsewhere, wasSent } from '../platform/send-elsewhere.ts';
import type { Stream } from '../streams/stream.ts';
import type { Streams } from '../streams/streams.ts';
import { type BlockingRequest, isTooFarAhead, readBlockingRequest } from './blocking.ts';
import type { Packager } from './packager.ts';
import type { Packagers } from './packagers.ts';
import { masterPlaylist, TARGET_DURATION_SECONDS } from './playlists.ts';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
/** How long the first viewer waits for ffmpeg, a key frame and a segment. */
const FIRST_SEGMENTS_TIMEOUT_MS = 12_000;
const FIRST_SEGMENTS = 1;
/** A publisher who is connected and sends nothing for this long is not live. */
const FIRST_PICTURE_TIMEOUT_MS = 4_000;
/** RFC 8216bis §6.2.5.2: at most three target durations. */
const BLOCK_LIMIT_MS = 3 * TARGET_DURATION_SECONDS * 1_000;
/** A hinted part comes within a part's time, or its run has stopped. */
const HINT_LIMIT_MS = 2_000;
/** An answer to a blocking request never changes in what matters; half a target duration for one that does not block. */
const CACHE = {
  blocked: `public, max-age=${6 * TARGET_DURATION_SECONDS}`,
  newest: `public, max-age=${TARGET_DURATION_SECONDS / 2}`,
  media: 'public, max-age=3600, immutable',
  /** How long a cache may believe that a session is good: a revoked viewer is out this much later. */
  session: 'max-age=3',
  never: 'no-store',
} as const;
const RUN_ID = /^[0-9a-f]{16}$/;
const FILE_NAME = /^(init\.mp4|[ps]\d{1,9}-[\w-]{12}\.m4s)$/;

export function createHlsRoutes(deps: {
  streams: Streams;
  packagers: Packagers;
  tokens: MediaTokens;
  /** Public address of the host that packages the stream, when that is another one. */
  elsewhere: (streamId: string) => Promise<string | null>;
  onRequest: (kind: string, status: number) => void;
  /** What viewers of this stream see by HLS; unset: itself. */
  shownFor?: (stream: Stream) => Promise<Stream>;
}): Router {
  const { streams, packagers, tokens } = deps;
  const router = express.Router();

  router.use((request, response, next) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-methods', 'GET, HEAD');
    // Errors are about this moment.
    response.setHeader('cache-control', CACHE.never);
    response.on('finish', () => {
      const kind = request.path.endsWith('.m3u8') ? 'playlist' : 'segment';
      deps.onRequest(kind, response.statusCode);
    });
    next();
  });
  router.param('streamId', (_request, _response, next, streamId) => {
    if (!MediaStreamId.safeParse(streamId).success) throw mediaFailure('media_not_found');
    next();
  });

  /** Of a publisher who moves here the first picture comes a moment after viewers are sent here. */
  function begun(stream: Stream): Promise<void> {
    const isComing = (): boolean => stream.isLocal && stream.status.state === 'idle';
    if (!isComing()) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(settle, FIRST_PICTURE_TIMEOUT_MS);
      const stop = streams.onChange((other) => {
        if (other === stream && !isComing()) settle();
      });
    });
  }

  router.get('/:streamId/master.m3u8', async (request, response) => {
    const { streamId } = request.params;
    const claims = await tokens.verify(request.query.token, { right: 'watch', streamId });
    const wanted = streams.get(streamId);
    if (wanted) await begun(wanted);
    if (!wanted || wanted.status.state === 'idle') throw mediaFailure('media_stream_not_live');
    const stream = (await deps.shownFor?.(wanted)) ?? wanted;
    const packager = packagers.use(stream);
    if (!(await packager.ready(FIRST_SEGMENTS, FIRST_SEGMENTS_TIMEOUT_MS))) throw mediaFailure('media_hls_unavailable');
    const format = packager.window.format();
    if (!format) throw mediaFailure('media_hls_unavailable');
    packagers.seen(stream.id, claims.jti);
    const session = await tokens.issueHlsSession(claims, stream.id);
    const folder = stream === wanted ? '' : `../${stream.id}/`;
    response
      .type(PLAYLIST_TYPE)
      .send(masterPlaylist({ ...format, mediaUri: `${folder}media.m3u8?session=${session}` }));
  });

  /** For a cache in front: may this session have the playlist? Its being asked keeps the packager running. */
  router.get('/:streamId/session', async (request, response) => {
    const { streamId } = request.params;
    const session = await tokens.verifyHlsSession(request.query.session, streamId);
    // A cache may ask another host than the one that packages; there the viewer is counted.
    if (packagers.touch(streamId)) packagers.seen(streamId, session.jti);
    response.setHeader('cache-control', CACHE.session);
    response.status(204).end();
  });

  router.get('/:streamId/media.m3u8', async (request, response) => {
    const { streamId } = request.params;
    const session = await tokens.verifyHlsSession(request.query.session, streamId);
    const blocking = readBlockingRequest(request.query);
    const stream = streams.get(streamId);
    // A stream that ended has its packager for a while longer, and the rest of its playlist at once.
    if (stream && !packagers.peek(streamId)) await begun(stream);
    // A session outlives an idle packager (a paused tab): it is started again.
    const packager = packagers.touch(streamId) ?? (stream?.status.state === 'live' ? packagers.use(stream) : undefined);
    if (!packager) throw mediaFailure('media_stream_not_live');
    if (!(await packager.ready(1, FIRST_SEGMENTS_TIMEOUT_MS))) throw mediaFailure('media_hls_unavailable');
    packagers.seen(streamId, session.jti);
    if (blocking) {
      // Who waits for the next part of a stream that moves away is sent after it.
      const isMoved = (): boolean => stream?.isRelayed === true && !wasSent(request);
      await untilReached(packager, blocking, abortOf(response), isMoved);
      const { sequence, part } = blocking;
      const url = isMoved() && !packager.window.reaches(sequence, part) ? await deps.elsewhere(streamId) : null;
      if (url !== null && !response.destroyed) return sendElsewhere(request, response, url);
    }
    if (response.destroyed) return;
    response.setHeader('cache-control', blocking ? CACHE.blocked : CACHE.newest);
    response.type(PLAYLIST_TYPE).send(packager.window.playlist());
  });

  router.get('/:streamId/:run/:file', async (request, response) => {
    const { streamId, run, file } = request.params;
    const packager = packagers.peek(streamId);
    if (!packager || !RUN_ID.test(run) || !FILE_NAME.test(file)) throw mediaFailure('media_not_found');
    const { window } = packager;
    if (window.isHinted(run, file)) {
      await packager.until(() => !window.isHinted(run, file), HINT_LIMIT_MS, abortOf(response));
    }
    const data = window.file(run, file);
    if (!data) throw mediaFailure('media_not_found');
    if (response.destroyed) return;
    response.setHeader('cache-control', CACHE.media);
    response.type(file.endsWith('.mp4') ? 'video/mp4' : 'video/iso.segment').send(data);
  });
  return router;
}

async function untilReached(
  packager: Packager,
  wanted: BlockingRequest,
  gone: AbortSignal,
  isMoved: () => boolean,
): Promise<void> {
  const { window } = packager;
  if (isTooFarAhead(wanted, window.next())) throw mediaFailure('media_payload_invalid', { why: 'too-far-ahead' });
  const isReached = (): boolean => window.reaches(wanted.sequence, wanted.part) || isMoved();
  const reached = await packager.until(isReached, BLOCK_LIMIT_MS, gone);
  if (!reached && !gone.aborted) throw mediaFailure('media_hls_unavailable');
}

/** Ends with the connection, so that nobody waits for somebody who left. */
function abortOf(response: express.Response): AbortSignal {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  return gone.signal;
}
