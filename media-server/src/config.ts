/** The only place that reads the environment. Every bad key is reported at once, then the process ends. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';

const portNumber = z.coerce.number().int().min(0).max(65_535);
const secret = z.string().min(16, 'needs at least 16 characters');

const environmentSchema = z.object({
  /** Address of the HTTP and Socket.IO listener. */
  HOST: z.string().default('127.0.0.1'),
  PORT: portNumber.default(4100),
  /** Shared with api, which signs media tokens with it. */
  MEDIA_TOKEN_SECRET: secret,
  /** Shared with api, which presents it to /control. */
  CONTROL_TOKEN: secret,
  /** Address that media sockets bind. Give the exact one: on 0.0.0.0 replies may leave from another address. */
  RTC_LISTEN_IP: z.string().default('127.0.0.1'),
  /** What ICE candidates carry instead, behind NAT. */
  RTC_ANNOUNCED_ADDRESS: z.string().min(1).optional(),
  /** Worker i uses base+i for UDP and TCP; the next 800 ports are for traffic inside the host (see engine/ports.ts). */
  RTC_PORT_BASE: z.coerce.number().int().min(1024).max(64_000).default(40_000),
  WORKERS: z.coerce.number().int().min(1).max(64).default(availableParallelism()),
  /** WebRTC viewers on one worker before newcomers are sent to HLS. */
  MAX_VIEWERS_PER_WORKER: z.coerce.number().int().min(1).default(600),
  DATA_DIR: z.string().default('./data'),
  FFMPEG_BIN: z.string().default('ffmpeg'),
  /** mediasoup's own variable; unset means the binary inside its package. */
  MEDIASOUP_WORKER_BIN: z.string().min(1).optional(),
  /** Origins that may call from a browser, comma separated. Tokens, never cookies, decide, so `*` is safe. */
  ALLOWED_ORIGINS: z.string().default('*'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

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
  dataDir: string;
  ffmpegBin: string;
  mediasoupWorkerBin: string | undefined;
  allowedOrigins: string[] | '*';
  logLevel: string;
}

/** @throws Error naming every wrong key. Values are never repeated: some are secrets. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): MediaServerConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
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
    dataDir: env.DATA_DIR,
    ffmpegBin: env.FFMPEG_BIN,
    mediasoupWorkerBin: env.MEDIASOUP_WORKER_BIN,
    allowedOrigins: env.ALLOWED_ORIGINS === '*' ? '*' : env.ALLOWED_ORIGINS.split(',').map((origin) => origin.trim()),
    logLevel: env.LOG_LEVEL,
  };
}
