/** `/control/*`: see contracts/src/media/control.ts. Closed to everybody without the control token. */
import { MediaStreamId, Revocation } from '@walnut-live/contracts';
import express, { type Router } from 'express';
import type { Cluster } from '../cluster/index.ts';
import type { Revocations } from '../domain/revocations.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Streams } from '../streams/streams.ts';
import { controlRequests, readControlBody } from './requests.ts';
import { idleDetail, type StreamFacts, streamDetail, streamView } from './views.ts';

const BODY_LIMIT = '4kb';

export function createControlRoutes(
  deps: StreamFacts & {
    streams: Streams;
    revocations: Revocations;
    isAllowed: (token: unknown) => boolean;
    now: () => number;
    cluster: Pick<Cluster, 'status' | 'nodes' | 'announce'>;
    composites: Router;
  },
): Router {
  const { streams, smoothViewers, cluster } = deps;
  const startedAtMs = deps.now();
  const router = express.Router();

  router.use(...controlRequests(deps.isAllowed, BODY_LIMIT));
  router.param('id', (_request, _response, next, id) => {
    if (!MediaStreamId.safeParse(id).success) throw mediaFailure('media_payload_invalid', { why: 'stream-id' });
    next();
  });

  router.get('/streams', (_request, response) => {
    response.json({ streams: streams.list().map((stream) => streamView(stream, smoothViewers)) });
  });
  router.get('/streams/:id', async (request, response) => {
    const stream = streams.get(request.params.id);
    response.json(stream ? await streamDetail(stream, deps) : idleDetail(request.params.id, startedAtMs));
  });
  router.get('/stream-details', async (_request, response) => {
    const known = streams.list().filter((stream) => stream.status.state !== 'idle');
    response.json({ streams: await Promise.all(known.map((stream) => streamDetail(stream, deps))) });
  });
  router.post('/streams/:id/rtp-ingest', async (request, response) => {
    response.json(await streams.openIngest(request.params.id));
  });
  router.delete('/streams/:id/rtp-ingest', async (request, response) => {
    await streams.get(request.params.id)?.closeIngest();
    response.status(204).end();
  });
  router.post('/streams/:id/close', (request, response) => {
    streams.get(request.params.id)?.close('closed_by_control');
    response.status(204).end();
  });
  router.use('/composites/:id', deps.composites);
  router.post('/revocations', (request, response) => {
    const revocation = readControlBody(Revocation, request.body);
    // First the refusal, then the disconnection: nobody slips in between.
    deps.revocations.add(revocation, deps.now());
    response.json({ disconnected: streams.revoke(revocation) });
  });
  router.get('/cluster', (_request, response) => {
    const { nodeId, isConnected, pipesOut, relays } = cluster.status;
    response.json({ nodeId, connected: isConnected, nodes: cluster.nodes(), pipesOut, relays });
  });
  router.post('/drain', async (_request, response) => {
    streams.drain();
    // The others must know before the first one asks where to go.
    await cluster.announce();
    const active = streams.list().filter((stream) => stream.status.state !== 'idle').length;
    response.json({ streams: active, peers: streams.peerCount });
  });
  return router;
}
