/** Recording and replay: storage, recorder, recordings, files and their routes put together. */
import { join } from 'node:path';
import type { Router } from 'express';
import { Counter, Gauge } from 'prom-client';
import type { Composites } from '../composite/composites.ts';
import type { Packagers } from '../hls/packagers.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { createStorage, type S3Config } from '../storage/index.ts';
import type { Streams } from '../streams/streams.ts';
import { createRecordingControl } from './control-routes.ts';
import { createMovies } from './movies.ts';
import { createRecorder } from './recorder.ts';
import { createRecordings } from './recordings.ts';
import { createReplayRoutes } from './routes.ts';
import { createReplayTokens } from './tokens.ts';

export interface Recording {
  routers: Array<{ path: string; router: Router }>;
  /** Rooms that are recorded or being finished. */
  readonly active: number;
  /** A recording wants this stream. */
  keeps(streamId: string): boolean;
  /** After the packagers: their last segments are still stored. */
  close(): Promise<void>;
}

/** A storage that is away now stops nothing: it is asked again. */
export async function createRecording(deps: {
  dataDir: string;
  s3: S3Config | null;
  limitHours: number;
  tokenSecret: string;
  ffmpegBin: string;
  /** Every host reads and writes the same storage. */
  isShared: boolean;
  nodeId: string;
  streams: Streams;
  packagers: Packagers;
  composites: Pick<Composites, 'of'>;
  isAllowed: (token: unknown) => boolean;
  metrics: Pick<Metrics, 'registry' | 'hlsRequest'>;
  log: Logger;
  now: () => number;
}): Promise<Recording> {
  const { log, now, streams, packagers } = deps;
  const storage = await createStorage({ folder: join(deps.dataDir, 'recordings'), s3: deps.s3 });
  const registers = [deps.metrics.registry];
  const segments = new Counter({
    name: 'media_recording_segments_total',
    help: 'Segments of recordings by what became of them',
    labelNames: ['outcome'],
    registers,
  });
  const bytesStored = new Counter({
    name: 'media_recording_bytes_total',
    help: 'Bytes of segments that were stored',
    registers,
  });
  const report = {
    stored(bytes: number) {
      segments.inc({ outcome: 'stored' });
      bytesStored.inc(bytes);
    },
    lost: () => segments.inc({ outcome: 'lost' }),
  };
  const recorder = createRecorder({
    ...{ storage, streams, packagers, log, now, report },
    compositeOf: deps.composites.of,
  });
  const recordings = createRecordings({
    storage,
    recorder,
    log,
    now,
    limitHours: deps.limitHours,
    nodeId: deps.nodeId,
    isShared: deps.isShared,
  });
  new Gauge({
    name: 'media_recordings',
    help: 'Rooms that are recorded or being finished',
    registers,
    collect() {
      this.set(recordings.active);
    },
  });
  const movies = createMovies({
    ...{ storage, recordings, log, now, ffmpegBin: deps.ffmpegBin },
    folder: join(deps.dataDir, 'movies'),
  });
  const tokens = createReplayTokens({ secret: deps.tokenSecret, now });
  return {
    routers: [
      {
        path: '/replay',
        router: createReplayRoutes({ storage, recordings, movies, tokens, now, onRequest: deps.metrics.hlsRequest }),
      },
      {
        path: '/control/recordings',
        router: createRecordingControl({ recordings, movies, isAllowed: deps.isAllowed }),
      },
    ],
    keeps: recorder.wants,
    get active() {
      return recordings.active;
    },
    async close() {
      recordings.close();
      movies.close();
      await recorder.close();
      storage.close();
    },
  };
}
