/**
 * `/hls/:streamId/*`.
 *
 * The master playlist takes a media token and answers with a media playlist URI that carries a signed playlist session
 * (checked, with revocations, on every poll). Segments carry no token: their names contain a random run id, they never
 * change, and any cache may keep them.
 */
import { MediaStreamId } from '@walnut-live/contracts';
import express, { type Router } from 'express';
import { mediaFailure } from '../platform/failure.ts';
import type { MediaTokens } from '../platform/media-tokens.ts';
import type { Streams } from '../streams/streams.ts';
import type { Packagers } from './packagers.ts';
import { masterPlaylist, mediaPlaylist } from './playlists.ts';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
/** How long the first viewer waits for ffmpeg: probing, a key frame, two segments. */
const FIRST_SEGMENTS_TIMEOUT_MS = 12_000;
/** Players start smoothly with two. */
const FIRST_SEGMENTS = 2;
const RUN_ID = /^[0-9a-f]{16}$/;
const FILE_NAME = /^(init\.mp4|\d{1,9}\.m4s)$/;

export function createHlsRoutes(deps: {
  streams: Streams;
  packagers: Packagers;
  tokens: MediaTokens;
  onRequest: (kind: string, status: number) => void;
}): Router {
  const { streams, packagers, tokens } = deps;
  const router = express.Router();

  router.use((request, response, next) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-methods', 'GET, HEAD');
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

  router.get('/:streamId/master.m3u8', async (request, response) => {
    const { streamId } = request.params;
    const claims = await tokens.verify(request.query.token, { right: 'watch', streamId });
    const stream = streams.get(streamId);
    if (!stream || stream.status.state === 'idle') throw mediaFailure('media_stream_not_live');
    const packager = packagers.use(stream);
    if (!(await packager.ready(FIRST_SEGMENTS, FIRST_SEGMENTS_TIMEOUT_MS))) throw mediaFailure('media_hls_unavailable');
    const format = packager.window.format();
    if (!format) throw mediaFailure('media_hls_unavailable');
    packagers.seen(streamId, claims.jti);
    const session = await tokens.issueHlsSession(claims);
    response.setHeader('cache-control', 'no-store');
    response.type(PLAYLIST_TYPE).send(masterPlaylist({ ...format, mediaUri: `media.m3u8?session=${session}` }));
  });

  router.get('/:streamId/media.m3u8', async (request, response) => {
    const { streamId } = request.params;
    const session = await tokens.verifyHlsSession(request.query.session, streamId);
    const stream = streams.get(streamId);
    // A session outlives an idle packager (a paused tab): it is started again.
    const packager = packagers.touch(streamId) ?? (stream?.status.state === 'live' ? packagers.use(stream) : undefined);
    if (!packager) throw mediaFailure('media_stream_not_live');
    if (!(await packager.ready(1, FIRST_SEGMENTS_TIMEOUT_MS))) throw mediaFailure('media_hls_unavailable');
    packagers.seen(streamId, session.jti);
    const { window } = packager;
    response.setHeader('cache-control', 'no-store');
    response.type(PLAYLIST_TYPE).send(
      mediaPlaylist({
        segments: window.listed(),
        mediaSequence: window.mediaSequence(),
        discontinuitySequence: window.discontinuitySequence(),
      }),
    );
  });

  router.get('/:streamId/:run/:file', (request, response) => {
    const { streamId, run, file } = request.params;
    const data =
      RUN_ID.test(run) && FILE_NAME.test(file) ? packagers.peek(streamId)?.window.file(run, file) : undefined;
    if (!data) throw mediaFailure('media_not_found');
    response.setHeader('cache-control', 'public, max-age=3600, immutable');
    response.type(file.endsWith('.mp4') ? 'video/mp4' : 'video/iso.segment').send(data);
  });
  return router;
}
