/** `/control/recordings/*`: see contracts/src/media/recording.ts. Closed to everybody without the control token. */
import { FileOrder, RecordingId, RecordingOrder, RecordingVisibility } from '@walnut-live/contracts';
import express, { type Router } from 'express';
import { controlRequests, readControlBody } from '../control/requests.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Movies } from './movies.ts';
import type { Recordings } from './recordings.ts';

/** MAX_RECORDING_SPANS spans fit. */
const BODY_LIMIT = '96kb';

export function createRecordingControl(deps: {
  recordings: Recordings;
  movies: Movies;
  isAllowed: (token: unknown) => boolean;
}): Router {
  const { recordings, movies } = deps;
  const router = express.Router();
  router.use(...controlRequests(deps.isAllowed, BODY_LIMIT));
  router.param('roomId', (_request, _response, next, roomId) => {
    if (!RecordingId.safeParse(roomId).success) throw mediaFailure('media_payload_invalid', { why: 'room-id' });
    next();
  });
  router.put('/:roomId', async (request, response) => {
    response.json(await recordings.order(request.params.roomId, readControlBody(RecordingOrder, request.body)));
  });
  router.put('/:roomId/help', (request, response) => {
    recordings.help(request.params.roomId, readControlBody(RecordingOrder, request.body));
    response.status(204).end();
  });
  router.put('/:roomId/visibility', async (request, response) => {
    const { hidden } = readControlBody(RecordingVisibility, request.body);
    response.json(await recordings.setHidden(request.params.roomId, hidden));
  });
  router.get('/:roomId', async (request, response) => {
    response.json(await recordings.view(request.params.roomId));
  });
  router.delete('/:roomId', async (request, response) => {
    await recordings.remove(request.params.roomId);
    response.status(204).end();
  });
  router.post('/:roomId/files', async (request, response) => {
    response.json(await movies.make(request.params.roomId, readControlBody(FileOrder, request.body).range));
  });
  return router;
}
