/** Composition: builds every part, wires them, and takes them down in the reverse order. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { STREAM_KEY_MAX_LIFE_SECONDS } from '@walnut-live/contracts';
import { Router } from 'express';
import { Server } from 'socket.io';
import { redirectElsewhere } from './cluster/elsewhere.ts';
import { createCluster, type Registry } from './cluster/index.ts';
import { createComposites } from './composite/composites.ts';
import { createCompositeControl } from './composite/control-routes.ts';
import type { MediaServerConfig } from './config.ts';
import { createControlAccess } from './control/access.ts';
import { attachControlNamespace } from './control/namespace.ts';
import { createControlRoutes } from './control/routes.ts';
import { pictureOf } from './control/views.ts';
import { hostLoad } from './domain/placement.ts';
import { createRevocations } from './domain/revocations.ts';
import { createEngine, type EngineCensus } from './engine/index.ts';
import { createPackagers } from './hls/packagers.ts';
import { createHlsRoutes } from './hls/routes.ts';
import { createAddressLimit } from './platform/address-limit.ts';
import { createApp, routesOf } from './platform/http.ts';
import { createIceServers } from './platform/ice-servers.ts';
import { createLogger } from './platform/logger.ts';
import { createMediaTokens, HLS_SESSION_LIFE_SECONDS } from './platform/media-tokens.ts';
import { createMetrics } from './platform/metrics.ts';
import { createRecording, type Recording } from './recording/index.ts';
import { attachMediaNamespace } from './signaling/namespace.ts';
import { createStreams, type Streams } from './streams/streams.ts';
import { createWhip } from './whip/index.ts';

/** RTP parameters of a publisher are about 4 KB; nothing legitimate is larger than this. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** Longer than a proxy in front keeps a connection it does not use: it must be the one that closes it. */
const IDLE_CONNECTION_MS = 75_000;
const DRAIN_CHECK_MS = 250;
/** Viewers of HLS that were sent to another host still fetch what the last playlist here named. */
const DRAIN_LAST_FILES_MS = 1_500;
/**
 * A host whose power or network is gone closes no connection: these two together later the other side notices and goes
 * elsewhere. A connection that is only slow is made anew and its session resumed, without a gap in the picture.
 */
const PING_MS = 3_000;
const PING_PATIENCE_MS = 5_000;
/** A connection that joins no namespace holds a place for so long. */
const CONNECT_TIMEOUT_MS = 20_000;
const MAX_REVOCATIONS = 50_000;

export interface MediaServer {
  readonly port: number;
  readonly url: string;
  /** Everything that answers by HTTP (`GET /path`) and every namespace of the sockets, for the table of who may ask what. */
  readonly surface: { readonly routes: readonly string[]; readonly namespaces: readonly string[] };
  /** Live objects of the engine, for leak tests. */
  census(): Promise<EngineCensus & { peers: number; streams: number; packagers: number }>;
  /** Process ids of the media workers, for fault drills. */
  workerPids(): number[];
  /** Process id of the worker that has the stream's tracks. */
  originWorkerPid(streamId: string): number | undefined;
  /** Process ids of the running packagers. */
  packagerPids(): number[];
  /** Process ids of the encoders and decoders of composites, and of one composite's encoder. */
  compositePids(): number[];
  compositeEncoderPid(streamId: string): number | undefined;
  /** Resolves when a drain is over: nobody is left, or the limit has passed. */
  readonly drained: Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Overrides for tests: shorter graces, another clock. */
export interface MediaServerTuning {
  now?: () => number;
  publisherGraceMs?: number;
  viewerGraceMs?: number;
  packagerIdleMs?: number;
  compositeIdleMs?: number;
  compositeLingerMs?: number;
  /** How long a pipe from another host stays when nobody watches here any more. */
  relayLingerMs?: number;
  /** Servers of one process find each other through it. */
  registry?: Registry;
}

const SERVER_VERSION: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

/** Starts workers, HTTP and signalling. @throws when a port is taken or the worker binary does not start */
export async function createMediaServer(
  config: MediaServerConfig,
  tuning: MediaServerTuning = {},
): Promise<MediaServer> {
  const log = createLogger(config.logLevel);
  const now = tuning.now ?? Date.now;
  const engine = await createEngine({
    workers: config.workers,
    listenIp: config.rtcListenIp,
    announcedAddress: config.rtcAnnouncedAddress,
    portBase: config.rtcPortBase,
    pipeListenIp: config.pipeListenIp,
    pipeAnnouncedAddress: config.pipeAnnouncedAddress,
    workerBin: config.mediasoupWorkerBin,
    maxViewersPerWorker: config.maxViewersPerWorker,
    onArrival: (seconds) => metrics.arrival(seconds),
    log,
  });
  let controlUrl = '';
  const cluster = createCluster({
    redisUrl: config.redisUrl,
    nodeId: config.nodeId,
    controlToken: config.controlToken,
    describe: () => ({
      publicUrl: config.publicUrl,
      controlUrl,
      ...hostLoad(engine.workers(), config),
      draining: streams.draining,
      version: SERVER_VERSION,
    }),
    log,
    now,
    ...(tuning.registry && { registry: tuning.registry }),
    ...(tuning.relayLingerMs !== undefined && { lingerMs: tuning.relayLingerMs }),
  });
  const streams: Streams = createStreams({
    engine,
    claims: cluster.claims,
    log,
    now,
    ...(tuning.publisherGraceMs !== undefined && { publisherGraceMs: tuning.publisherGraceMs }),
    ...(tuning.viewerGraceMs !== undefined && { viewerGraceMs: tuning.viewerGraceMs }),
  });
  const revocations = createRevocations({
    keepMs: Math.max(HLS_SESSION_LIFE_SECONDS, STREAM_KEY_MAX_LIFE_SECONDS) * 1000,
    maxEntries: MAX_REVOCATIONS,
    maxTokenLifeSeconds: 120,
  });
  const tokens = createMediaTokens({ secret: config.mediaTokenSecret, revocations, now });
  const iceServers = createIceServers(config.iceServers, now);
  const isAllowed = createControlAccess(config.controlToken);
  const packagers = createPackagers({
    engine,
    streams,
    ffmpegBin: config.ffmpegBin,
    log,
    now,
    ...(tuning.packagerIdleMs !== undefined && { idleMs: tuning.packagerIdleMs }),
  });
  const composites = createComposites({
    ...{ engine, streams, packagers, ffmpegBin: config.ffmpegBin, log, now },
    isRecorded: (streamId) => recording.keeps(streamId),
    limit: config.maxComposites,
    videoKbps: config.compositeKbps,
    ...(tuning.compositeIdleMs !== undefined && { idleMs: tuning.compositeIdleMs }),
    ...(tuning.compositeLingerMs !== undefined && { lingerMs: tuning.compositeLingerMs }),
  });
  const smoothViewers = (streamId: string): number => packagers.viewers(streamId);

  const metrics = createMetrics({
    workers: engine.workers,
    workerDeaths: async () => (await engine.census()).workerDeaths,
    streams: () => {
      const counts: Record<string, number> = { idle: 0, live: 0, interrupted: 0 };
      for (const stream of streams.list()) counts[stream.status.state] = (counts[stream.status.state] ?? 0) + 1;
      return counts;
    },
    peers: () => streams.peerCount,
    internalPorts: engine.internalPorts,
    hlsViewers: () => packagers.viewers(),
    packagers: () => packagers.count,
    packagerPlaces: packagers.places,
    composites: () => composites.counts,
    cluster: () => ({
      ...cluster.status,
      nodes: cluster.nodes().length,
      draining: streams.draining,
    }),
  });
  const elsewhereRouter = (): Router =>
    Router({ mergeParams: true }).get(
      '/:streamId/{*rest}',
      redirectElsewhere({
        elsewhere: cluster.elsewhere,
        stillAt: cluster.stillPackagedAt,
        // A playlist session is good on every host, and a cache that asks about one takes 2xx, 401 and 403 only. What a
        // stream that moved away left here is fetched by whoever had the playlist before it did.
        isHere: (streamId, [first = '', file = '']) =>
          first === 'session' ||
          streams.get(streamId)?.isLocal === true ||
          packagers.peek(streamId)?.window.file(first, file) !== undefined,
      }),
    );
  const recording: Recording = await createRecording({
    dataDir: config.dataDir,
    s3: config.recordingS3,
    limitHours: config.recordingLimitHours,
    tokenSecret: config.mediaTokenSecret,
    ffmpegBin: config.ffmpegBin,
    isShared: config.recordingsAreShared,
    nodeId: config.nodeId,
    ...{ streams, packagers, composites, isAllowed, metrics, log, now },
  });
  const routers = [
    { path: '/hls', router: elsewhereRouter() },
    {
      path: '/hls',
      router: createHlsRoutes({
        ...{ streams, packagers, tokens, elsewhere: cluster.elsewhere, onRequest: metrics.hlsRequest },
        shownFor: composites.shownFor,
      }),
    },
    ...createWhip({
      streams,
      tokens,
      iceServers,
      allowedOrigins: config.allowedOrigins,
      publicUrl: config.publicUrl,
      elsewhere: cluster.elsewhere,
      redirect: cluster.redirect,
      offersPerSecond: config.offersPerSecondPerAddress,
      log,
      now,
      onRequest: metrics.request,
    }),
    ...recording.routers,
    {
      path: '/control',
      router: createControlRoutes({
        ...{ streams, revocations, isAllowed, smoothViewers, now, cluster },
        picture: (streamId) => pictureOf(packagers, streamId),
        composites: createCompositeControl(composites),
      }),
    },
  ];
  const app = createApp({
    log,
    metrics,
    isReady: () => !streams.draining && engine.workers().length > 0,
    // A registry that is away stops nothing that runs: it is told, and is no failure of this process.
    health: () => ({
      isFit: engine.workers().length > 0,
      workers: engine.workers().length,
      draining: streams.draining,
      registry: config.redisUrl === null ? 'alone' : cluster.status.isConnected ? 'connected' : 'away',
      // Recordings or viewers that come now get nothing packaged: the host needs another one beside it.
      packagersFull: packagers
        .places()
        .flatMap(({ place, purpose, isFull }) => (isFull ? [`${purpose}-${place}`] : [])),
    }),
    routers,
  });

  const http = createServer({ keepAliveTimeout: IDLE_CONNECTION_MS }, app);
  const io = new Server(http, {
    serveClient: false,
    perMessageDeflate: false,
    pingInterval: PING_MS,
    pingTimeout: PING_PATIENCE_MS,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    connectTimeout: CONNECT_TIMEOUT_MS,
    cors: { origin: config.allowedOrigins },
  });
  // The default namespace has nothing to offer, and nobody waits there without a right.
  io.use((_socket, next) => next(Object.assign(new Error('media_not_found'), { data: { code: 'media_not_found' } })));
  attachMediaNamespace({
    io,
    streams,
    iceServers,
    tokens,
    log,
    now,
    onRequest: metrics.request,
    redirect: cluster.redirect,
    addressLimit: createAddressLimit({ perSecond: config.offersPerSecondPerAddress }),
  });
  attachControlNamespace({ io, streams, isAllowed, smoothViewers, cluster });

  try {
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(config.port, config.host, resolve);
    });
  } catch (error) {
    await cluster.close();
    await engine.close();
    throw error;
  }
  const { port } = http.address() as AddressInfo;
  controlUrl = config.controlUrl ?? `http://${config.host}:${port}`;
  await cluster.join({
    ...{ io, streams, isAllowed },
    hls: {
      isWatched: (streamId) => packagers.viewers(streamId) > 0,
      nextDiscontinuity: (streamId) => packagers.peek(streamId)?.window.nextDiscontinuity() ?? null,
      arrives: packagers.expect,
    },
  });
  log.info({ port, workers: engine.workers().length }, 'media server ready');

  const drained = Promise.withResolvers<void>();
  let drainEndsAtMs: number | null = null;
  let emptySinceMs: number | null = null;
  const drainWatch = setInterval(() => {
    if (!streams.draining) return;
    drainEndsAtMs ??= now() + config.drainLimitMs;
    const isEmpty = streams.peerCount === 0 && streams.list().every((stream) => !stream.isLocal);
    emptySinceMs = isEmpty ? (emptySinceMs ?? now()) : null;
    const lastFilesMs = packagers.viewers() > 0 ? DRAIN_LAST_FILES_MS : 0;
    const isQuiet = emptySinceMs !== null && now() - emptySinceMs >= lastFilesMs;
    if (!isQuiet && now() < drainEndsAtMs) return;
    clearInterval(drainWatch);
    log.info({ left: streams.peerCount }, 'drained');
    drained.resolve();
  }, DRAIN_CHECK_MS);
  drainWatch.unref();

  let closing: Promise<void> | null = null;
  return {
    port,
    url: `http://${config.host}:${port}`,
    surface: { routes: routesOf(app, routers), namespaces: [...io._nsps.keys()] },
    census: async () => ({
      ...(await engine.census()),
      peers: streams.peerCount,
      streams: streams.list().length,
      packagers: packagers.count,
    }),
    workerPids: () => engine.workers().map((worker) => worker.pid),
    originWorkerPid: (streamId) => streams.get(streamId)?.workerPid,
    drained: drained.promise,
    packagerPids: () => packagers.pids(),
    compositePids: composites.pids,
    compositeEncoderPid: composites.encoderPid,
    close() {
      closing ??= (async () => {
        clearInterval(drainWatch);
        composites.close();
        packagers.close();
        await recording.close();
        streams.close();
        await cluster.close();
        http.closeAllConnections();
        await io.close();
        await engine.close();
        log.info('media server closed');
      })();
      return closing;
    },
  };
}
