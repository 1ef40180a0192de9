/**
 * `/replay/:roomId/*`: VOD playlists, their segments and the MP4.
 *
 * Playlists need a right (token, then session). Segments carry none: the run in their path is 64 random bits that only a
 * playlist tells, and they never change, so that a cache may keep them for a while. What was deleted or taken back is gone
 * from a cache after SEGMENT_CACHE at the latest. Who may see what was taken back gets a playlist whose segments carry its
 * session; those are no cache's.
 */

import { pipeline } from 'node:stream/promises';
import { RecordingId } from '@walnut-live/contracts';
import express, { type Request, type Response, type Router } from 'express';
import { createAddressLimit } from '../platform/address-limit.ts';
import { isMediaFailure, mediaFailure } from '../platform/failure.ts';
import { isStorageFailure, type Storage, type StoredObject } from '../storage/index.ts';
import { layout } from './layout.ts';
import type { Movies } from './movies.ts';
import { replayMaster, replayPlaylist } from './playlists.ts';
import type { Recordings, ReplayRoom } from './recordings.ts';
import type { ReplayTokens } from './tokens.ts';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
const SEGMENT_CACHE = 'public, max-age=300, immutable';
const PLAYLIST_CACHE = 'private, max-age=60';
const PRIVATE_CACHE = 'private, max-age=3600';
/**
 * Segments of rooms that are not there, asked for without a token: each costs a read of the storage. A player asks for none,
 * and rooms that are there are served all the same, so that nobody spends what others behind the same cache need.
 */
const MISSES_PER_SECOND = 5;
const RUN = /^[0-9a-f]{16}$/;
const FILE = /^(init\.mp4|\d{1,9}\.m4s)$/;
const RANGE = /^bytes=(\d{1,15})-(\d{0,15})$/;

export function createReplayRoutes(deps: {
  storage: Storage;
  recordings: Recordings;
  movies: Movies;
  tokens: ReplayTokens;
  onRequest: (kind: string, status: number) => void;
  now: () => number;
}): Router {
  const { storage, recordings, movies, tokens } = deps;
  const misses = createAddressLimit({ perSecond: MISSES_PER_SECOND });
  const router = express.Router();

  router.use((request, response, next) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-methods', 'GET, HEAD');
    response.setHeader('cache-control', 'no-store');
    response.on('finish', () => deps.onRequest(kindOf(request.path), response.statusCode));
    next();
  });
  router.param('roomId', (_request, _response, next, roomId) => {
    if (!RecordingId.safeParse(roomId).success) throw mediaFailure('media_not_found');
    next();
  });

  /** @throws MediaFailure media_not_found */
  async function shownRoom(roomId: string, evenHidden: boolean | undefined): Promise<ReplayRoom> {
    const room = await recordings.replayRoom(roomId);
    if (room.state === 'gone' || (room.state === 'hidden' && !evenHidden)) throw mediaFailure('media_not_found');
    return room;
  }

  /** @throws MediaFailure media_not_found */
  async function findSegment(wanted: {
    roomId: string;
    streamId: string;
    run: string;
    file: string;
    evenHidden: boolean | undefined;
  }): Promise<StoredObject> {
    const { roomId, streamId, run, file } = wanted;
    const room = await shownRoom(roomId, wanted.evenHidden);
    if (!room.has(streamId, run)) throw mediaFailure('media_not_found');
    const isInit = file === 'init.mp4';
    const key = isInit ? layout.init(streamId, run) : layout.segment(streamId, run, Number.parseInt(file, 10));
    const found = await storage.open(key);
    if (!found) throw mediaFailure('media_not_found');
    return found;
  }

  router.get('/:roomId/master.m3u8', async (request, response) => {
    const { roomId } = request.params;
    const claims = await tokens.verify(request.query.token, roomId, 'watch');
    await shownRoom(roomId, claims.evenHidden);
    const segments = await recordings.segments(roomId, claims.range);
    const session = await tokens.issueSession(claims);
    response.type(PLAYLIST_TYPE).send(replayMaster(segments, `media.m3u8?session=${session}`));
  });

  router.get('/:roomId/media.m3u8', async (request, response) => {
    const { roomId } = request.params;
    const { session } = request.query;
    const { range, evenHidden } = await tokens.verifySession(session, roomId);
    await shownRoom(roomId, evenHidden);
    const segments = await recordings.segments(roomId, range);
    response.setHeader('cache-control', evenHidden ? PRIVATE_CACHE : PLAYLIST_CACHE);
    response.type(PLAYLIST_TYPE).send(replayPlaylist(segments, evenHidden ? `?session=${String(session)}` : ''));
  });

  router.get('/:roomId/segments/:streamId/:run/:file', async (request, response) => {
    const { roomId, streamId, run, file } = request.params;
    const { session } = request.query;
    if (!RecordingId.safeParse(streamId).success || !RUN.test(run) || !FILE.test(file)) {
      throw mediaFailure('media_not_found');
    }
    const address = request.ip ?? '';
    const isFamiliar = recordings.isFamiliar(roomId);
    if (!isFamiliar && misses.isSpent(address, deps.now())) throw mediaFailure('media_rate_limited');
    const { evenHidden } = session === undefined ? {} : await tokens.verifySession(session, roomId);
    const found = await findSegment({ roomId, streamId, run, file, evenHidden }).catch((error: unknown) => {
      if (!isFamiliar && isMediaFailure(error) && error.code === 'media_not_found') misses.take(address, deps.now());
      throw error;
    });
    response.setHeader('cache-control', evenHidden ? PRIVATE_CACHE : SEGMENT_CACHE);
    await send(request, response, found);
  });

  router.get('/:roomId/video.mp4', async (request, response) => {
    const { roomId } = request.params;
    const claims = await tokens.verify(request.query.token, roomId, 'download');
    const asked = RANGE.exec(request.headers.range ?? '');
    const range = asked ? { start: Number(asked[1]), ...(asked[2] !== '' && { end: Number(asked[2]) }) } : undefined;
    const found = await movies.open(roomId, claims.range, range).catch((error: unknown) => {
      if (!isStorageFailure(error) || error.trouble !== 'range') throw error;
      response.status(416).end();
      return undefined;
    });
    if (found === undefined) return;
    if (found === null) throw mediaFailure('media_not_found');
    const name = encodeURIComponent(claims.fileName ?? `${roomId}.mp4`);
    response.setHeader('content-disposition', `attachment; filename*=UTF-8''${name}`);
    response.setHeader('cache-control', PRIVATE_CACHE);
    response.setHeader('accept-ranges', 'bytes');
    if (range) {
      response.status(206);
      response.setHeader('content-range', `bytes ${found.start}-${found.end}/${found.size}`);
    }
    await send(request, response, found);
  });
  return router;
}

const kindOf = (path: string): string =>
  path.endsWith('.m3u8') ? 'replay-playlist' : path.endsWith('/video.mp4') ? 'replay-file' : 'replay-segment';

async function send(request: Request, response: Response, found: StoredObject): Promise<void> {
  response.type(found.contentType);
  response.setHeader('content-length', found.end - found.start + 1);
  if (request.method === 'HEAD') {
    found.body.destroy();
    response.end();
    return;
  }
  // A viewer who leaves is no fault of ours; the storage's stream ends with them.
  await pipeline(found.body, response).catch((error: unknown) => {
    if (!response.headersSent) throw error;
    response.destroy();
  });
}
