/** The only place that reads the environment. Every bad key is reported at once, then the process ends. */
import { availableParallelism, hostname } from 'node:os';
import { z } from 'zod';
import type { IceServerConfig } from './platform/ice-servers.ts';
import type { S3Config } from './storage/index.ts';

const portNumber = z.coerce.number().int().min(0).max(65_535);
const urlList = (scheme: RegExp) =>
  z
    .string()
    .default('')
    .transform((value) => value.split(',').flatMap((url) => url.trim() || []))
    .pipe(z.array(z.string().regex(scheme)).max(8));
const secret = z.string().min(16, 'needs at least 16 characters');

const environmentSchema = z.object({
  /** Address of the HTTP and Socket.IO listener. */
  HOST: z.string().default('127.0.0.1'),
  PORT: portNumber.default(4100),
  /** Shared with api, which signs media tokens with it. */
  MEDIA_TOKEN_SECRET: secret,
  /** Shared with api, which presents it to /control. */
  CONTROL_TOKEN: secret,
  /**
   * Addresses that media sockets bind, comma separated, IPv4 or IPv6. Give the exact ones: on 0.0.0.0 replies may leave
   * from another address.
   */
  RTC_LISTEN_IP: z.string().default('127.0.0.1'),
  /** What ICE candidates carry instead, behind NAT: one for each of RTC_LISTEN_IP, in its order. */
  RTC_ANNOUNCED_ADDRESS: z.string().min(1).optional(),
  /** Worker i uses base+i for UDP and TCP; the rest of 2,000 ports is for traffic between workers, programs and hosts. */
  RTC_PORT_BASE: z.coerce.number().int().min(1024).max(63_500).default(40_000),
  WORKERS: z.coerce.number().int().min(1).max(64).default(availableParallelism()),
  /** WebRTC viewers on one worker before newcomers are sent to HLS. */
  MAX_VIEWERS_PER_WORKER: z.coerce.number().int().min(1).default(600),
  /** Mbit/s this host may send to viewers before newcomers are sent elsewhere or to HLS. */
  MAX_EGRESS_MBPS: z.coerce.number().positive().default(900),
  /** Registry of the media servers; empty: this one is alone. */
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** Name of this host in the registry; it must stay the same over restarts. Needed with REDIS_URL; unset: the machine's. */
  NODE_ID: z
    .string()
    // Also a name in the storage of recordings, where none begins with a dot.
    .regex(/^[\w-][\w.-]{0,63}$/)
    .optional(),
  /** Where browsers and encoders reach exactly this host. Needed with REDIS_URL; empty: the origin of the page. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Where the other media servers reach this one; unset: http://HOST:PORT, which is of no use when HOST is a wildcard. */
  CONTROL_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Address that pipes to other hosts bind; unset: RTC_LISTEN_IP. */
  PIPE_LISTEN_IP: z.string().min(1).optional(),
  /** What the other hosts send to, when it is not PIPE_LISTEN_IP. */
  PIPE_ANNOUNCED_ADDRESS: z.string().min(1).optional(),
  /** A draining server ends after this time even if somebody is still there. */
  DRAIN_LIMIT_SECONDS: z.coerce.number().int().min(1).max(86_400).default(300),
  DATA_DIR: z.string().default('./data'),
  /** Recordings go into this bucket of an S3-compatible store; empty: into DATA_DIR/recordings. */
  RECORDING_S3_BUCKET: z.string().min(3).max(63).optional(),
  /** Empty: AWS itself. */
  RECORDING_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  RECORDING_S3_REGION: z.string().min(1).default('us-east-1'),
  RECORDING_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  RECORDING_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  /** The folder is on a file system that every host mounts: then any host keeps its part of a recording there. */
  RECORDING_FOLDER_SHARED: z.stringbool().default(false),
  /** What comes later in one live is not recorded. */
  RECORDING_LIMIT_HOURS: z.coerce.number().min(0.01).max(24).default(12),
  /** Pictures of several hosts made for HLS at once on this host; beyond it HLS shows the host alone. 0: none. */
  MAX_COMPOSITES: z.coerce.number().int().min(0).max(16).default(1),
  COMPOSITE_KBPS: z.coerce.number().int().min(200).max(10_000).default(1_800),
  FFMPEG_BIN: z.string().default('ffmpeg'),
  /** mediasoup's own variable; unset means the binary inside its package. */
  MEDIASOUP_WORKER_BIN: z.string().min(1).optional(),
  /** Origins that may call from a browser, comma separated. Tokens, never cookies, decide, so `*` is safe. */
  ALLOWED_ORIGINS: z.string().default('*'),
  /** WHIP offers, WHEP offers and media sockets per second from one address, each; ten seconds' worth may come at once. */
  OFFERS_PER_SECOND_PER_ADDRESS: z.coerce.number().positive().max(10_000).default(20),
  /** Given to clients, comma separated: stun:host:port. */
  STUN_URLS: urlList(/^stuns?:[^\s<>"]+$/),
  /** Given to clients, comma separated: turn:host:port?transport=udp. Needs TURN_SECRET. */
  TURN_URLS: urlList(/^turns?:[^\s<>"]+$/),
  /** Shared with coturn (`static-auth-secret`). */
  TURN_SECRET: secret.optional(),
  TURN_CREDENTIAL_SECONDS: z.coerce.number().int().min(60).max(604_800).default(43_200),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

const WILDCARDS = ['0.0.0.0', '::', '[::]'];
const isAlone = (env: { REDIS_URL?: string | undefined }): boolean => env.REDIS_URL === undefined;

const checkedSchema = environmentSchema
  .refine((env) => isAlone(env) || env.NODE_ID !== undefined, {
    path: ['NODE_ID'],
    message: 'needed with REDIS_URL: a name that stays the same over restarts',
  })
  .refine((env) => isAlone(env) || env.PUBLIC_URL !== undefined, {
    path: ['PUBLIC_URL'],
    message: 'needed with REDIS_URL: browsers are sent to exactly this host',
  })
  .refine((env) => isAlone(env) || env.CONTROL_URL !== undefined || !WILDCARDS.includes(env.HOST), {
    path: ['CONTROL_URL'],
    message: 'needed with REDIS_URL when HOST is no address that others can use',
  })
  .refine((env) => env.TURN_URLS.length === 0 || env.TURN_SECRET !== undefined, {
    path: ['TURN_SECRET'],
    message: 'needed with TURN_URLS',
  })
  .refine(
    (env) =>
      env.RECORDING_S3_BUCKET === undefined ||
      (env.RECORDING_S3_ACCESS_KEY_ID !== undefined && env.RECORDING_S3_SECRET_ACCESS_KEY !== undefined),
    { path: ['RECORDING_S3_SECRET_ACCESS_KEY'], message: 'both keys are needed with RECORDING_S3_BUCKET' },
  );

export interface MediaServerConfig {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  mediaTokenSecret: string;
  controlToken: string;
  rtcListenIp: string;
  rtcAnnouncedAddress: string | undefined;
  rtcPortBase: number;
  workers: number;
  maxViewersPerWorker: number;
  maxEgressMbps: number;
  redisUrl: string | null;
  nodeId: string;
  publicUrl: string;
  controlUrl: string | undefined;
  pipeListenIp: string;
  pipeAnnouncedAddress: string | undefined;
  drainLimitMs: number;
  dataDir: string;
  /** Null: recordings are files. */
  recordingS3: S3Config | null;
  /** Every host reads and writes the same recordings: a bucket, or a folder that all mount. */
  recordingsAreShared: boolean;
  recordingLimitHours: number;
  maxComposites: number;
  compositeKbps: number;
  ffmpegBin: string;
  mediasoupWorkerBin: string | undefined;
  allowedOrigins: string[] | '*';
  offersPerSecondPerAddress: number;
  iceServers: IceServerConfig;
  logLevel: string;
}

/** @throws Error naming every wrong key. Values are never repeated: some are secrets. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): MediaServerConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = checkedSchema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`media-server: wrong configuration\n${lines.join('\n')}`);
  }
  const env = parsed.data;
  return {
    host: env.HOST,
    port: env.PORT,
    mediaTokenSecret: env.MEDIA_TOKEN_SECRET,
    controlToken: env.CONTROL_TOKEN,
    rtcListenIp: env.RTC_LISTEN_IP,
    rtcAnnouncedAddress: env.RTC_ANNOUNCED_ADDRESS,
    rtcPortBase: env.RTC_PORT_BASE,
    workers: env.WORKERS,
    maxViewersPerWorker: env.MAX_VIEWERS_PER_WORKER,
    maxEgressMbps: env.MAX_EGRESS_MBPS,
    redisUrl: env.REDIS_URL ?? null,
    nodeId:
      env.NODE_ID ??
      (hostname()
        .replace(/[^\w.-]/g, '-')
        .slice(0, 64) ||
        'media'),
    publicUrl: env.PUBLIC_URL ?? '',
    controlUrl: env.CONTROL_URL,
    pipeListenIp: env.PIPE_LISTEN_IP ?? env.RTC_LISTEN_IP.split(',')[0]?.trim() ?? '',
    pipeAnnouncedAddress: env.PIPE_ANNOUNCED_ADDRESS,
    drainLimitMs: env.DRAIN_LIMIT_SECONDS * 1_000,
    dataDir: env.DATA_DIR,
    recordingS3: env.RECORDING_S3_BUCKET
      ? {
          endpoint: env.RECORDING_S3_ENDPOINT,
          region: env.RECORDING_S3_REGION,
          bucket: env.RECORDING_S3_BUCKET,
          accessKeyId: env.RECORDING_S3_ACCESS_KEY_ID ?? '',
          secretAccessKey: env.RECORDING_S3_SECRET_ACCESS_KEY ?? '',
        }
      : null,
    recordingsAreShared: env.RECORDING_S3_BUCKET !== undefined || env.RECORDING_FOLDER_SHARED,
    recordingLimitHours: env.RECORDING_LIMIT_HOURS,
    maxComposites: env.MAX_COMPOSITES,
    compositeKbps: env.COMPOSITE_KBPS,
    ffmpegBin: env.FFMPEG_BIN,
    mediasoupWorkerBin: env.MEDIASOUP_WORKER_BIN,
    allowedOrigins: env.ALLOWED_ORIGINS === '*' ? '*' : env.ALLOWED_ORIGINS.split(',').map((origin) => origin.trim()),
    offersPerSecondPerAddress: env.OFFERS_PER_SECOND_PER_ADDRESS,
    iceServers: {
      stunUrls: env.STUN_URLS,
      turnUrls: env.TURN_URLS,
      turnSecret: env.TURN_SECRET,
      turnCredentialSeconds: env.TURN_CREDENTIAL_SECONDS,
    },
    logLevel: env.LOG_LEVEL,
  };
}
