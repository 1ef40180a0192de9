/**
 * The servers that the same swarm measures: our media-server alone, with one worker on one core, and others where they
 * are installed (MEDIAMTX_BIN or mediamtx in the path; Janus of the system's packages).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Interruptions, JoinReport, Measurement } from 'k6/x/swarm';
import type { BareContext } from '../../scripts/bench/scenario.ts';
import { freePort, waitUntil } from '../../scripts/processes.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { findProgram } from '../../scripts/setup/system-packages.ts';
import { PICTURES_PER_SECOND } from './programme.ts';
import { childrenOf, LOAD_CORE, onCore, type Running, startServer } from './servers-process.ts';

/** What a k6 script needs to know about a server. */
export interface Target {
  crowd: Record<string, unknown>;
  publish: Record<string, unknown>;
  /** Whose CPU time is the server's. */
  processIds: number[];
}

export interface ViewersPlan {
  first: number;
  max: number;
  windowSeconds: number;
  settleSeconds: number;
  stopAtLoss: number;
  /** Part of the generator's core; beyond it the generator is what is measured. */
  stopAtGenerator: number;
}

export interface ViewersStep {
  wanted: number;
  join: JoinReport;
  measured: Measurement;
  sentPictures: number;
}

export interface JoinPlan {
  joins: number;
  perSecond: number;
  windowSeconds: number;
  picturesPerSecond: number;
}

export interface JoinResult {
  join: JoinReport;
  /** After everybody was there. */
  measured: Measurement;
  /** From the first POST until the last had a picture, by the publisher's own clock. */
  seconds: number;
  /** What the publisher sent and was asked for in that time. */
  keyPictures: number;
  keyRequests: number;
}

export interface RecoveryPlan {
  viewers: number;
  /** From the harm to the last look. */
  afterSeconds: number;
}

export interface RecoveryResult {
  join: JoinReport;
  interruptions: Interruptions;
  after: Measurement;
  publisherReconnects: number;
  publisherError: string;
}

export interface MediaUnderTest {
  readonly name: string;
  readonly version: string;
  readonly target: Target;
  /** In front of the generator's command. */
  readonly prefix: readonly string[];
  /** Log, for when something fails. */
  readonly logFile: string;
  stop(): Promise<void>;
}

/** Which files of the programme are sent. */
export interface Sent {
  videoFile: string;
  soundFile: string;
  keysFile?: string;
}

const STREAM = 'measured';
const READY_TIMEOUT_MS = 20_000;
const UNLIMITED = '1000000';

export interface OurServer extends MediaUnderTest {
  readonly url: string;
  readonly controlToken: string;
  readonly process: Running;
  /** Starts it again on the same ports, for drills that killed it; resolves when it answers. */
  restart(): Promise<void>;
  readonly secret: string;
  workerPids(): number[];
}

/** One core for everything a server does, or the machine's, as it would be run. */
export interface Place {
  core?: number | 'any';
}

export async function startOurs(
  context: BareContext,
  sent: Sent,
  { env = {}, port: wanted, ...place }: Place & { env?: Readonly<Record<string, string>>; port?: number } = {},
): Promise<OurServer> {
  const [port, rtcBase] = [wanted ?? (await freePort()), 20_000 + Math.floor(Math.random() * 10) * 2_000];
  const secret = randomBytes(24).toString('hex');
  const controlToken = randomBytes(24).toString('hex');
  const logFile = join(context.dataDir, 'media-server.log');
  const url = `http://127.0.0.1:${port}`;
  const start = () =>
    startServer([process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'media-server/src/main.ts')], {
      ...{ ...place, logFile, cwd: context.dataDir },
      env: {
        NODE_ENV: 'production',
        PORT: String(port),
        MEDIA_TOKEN_SECRET: secret,
        CONTROL_TOKEN: controlToken,
        RTC_PORT_BASE: String(rtcBase),
        WORKERS: '1',
        MAX_VIEWERS_PER_WORKER: UNLIMITED,
        MAX_EGRESS_MBPS: UNLIMITED,
        MEDIASOUP_WORKER_BIN: context.prepared.mediaWorkerBin,
        FFMPEG_BIN: context.prepared.ffmpegBin,
        DATA_DIR: join(context.dataDir, 'media'),
        LOG_LEVEL: 'warn',
        ...env,
      },
    });
  let running = start();
  const isReady = () => ready('our media-server', `${url}/healthz`, running);
  await isReady();
  const workerPids = () => childrenOf(running.pid);
  return {
    name: 'Walnut Live',
    version: '',
    url,
    secret,
    controlToken,
    get process() {
      return running;
    },
    restart() {
      running = start();
      return isReady();
    },
    workerPids,
    logFile,
    prefix: onCore(LOAD_CORE),
    target: {
      crowd: { whepUrl: `${url}/whep/${STREAM}`, secret, streamId: STREAM },
      publish: { whipUrl: `${url}/whip/${STREAM}`, secret, streamId: STREAM, rate: PICTURES_PER_SECOND, ...sent },
      processIds: [running.pid, ...workerPids()],
    },
    stop: () => running.stop(),
  };
}

/** undefined when MediaMTX is not installed or not wanted. */
export async function startMediaMtx(
  context: BareContext,
  sent: Sent,
  { hls = false, ...place }: Place & { hls?: boolean } = {},
): Promise<(MediaUnderTest & { hlsUrl: string }) | undefined> {
  const program = context.withPeers && findProgram(process.env.MEDIAMTX_BIN || 'mediamtx');
  if (!program) return undefined;
  const [http, udp, hlsPort] = [await freePort(), await freePort(), await freePort()];
  const config = join(context.dataDir, 'mediamtx.yml');
  const logFile = join(context.dataDir, 'mediamtx.log');
  writeFileSync(
    config,
    [
      ...['logLevel: warn', 'rtsp: no', 'rtmp: no', 'srt: no', 'moq: no', 'webrtc: yes'],
      ...[`webrtcAddress: 127.0.0.1:${http}`, `webrtcLocalUDPAddress: 127.0.0.1:${udp}`, "webrtcLocalTCPAddress: ''"],
      ...(hls ? ['hls: yes', `hlsAddress: 127.0.0.1:${hlsPort}`, 'hlsAlwaysRemux: yes'] : ['hls: no']),
      ...['webrtcIPsFromInterfaces: no', 'webrtcAdditionalHosts: [127.0.0.1]', 'paths:', '  all_others:', ''],
    ].join('\n'),
  );
  const running = startServer([program, config], { ...place, logFile });
  await ready('MediaMTX', `http://127.0.0.1:${http}/${STREAM}/`, running);
  return {
    name: 'MediaMTX',
    version: execFileSync(program, ['--version'], { encoding: 'utf8' }).trim(),
    prefix: onCore(LOAD_CORE),
    logFile,
    hlsUrl: `http://127.0.0.1:${hlsPort}/${STREAM}/index.m3u8`,
    target: {
      crowd: { whepUrl: `http://127.0.0.1:${http}/${STREAM}/whep` },
      publish: { whipUrl: `http://127.0.0.1:${http}/${STREAM}/whip`, rate: PICTURES_PER_SECOND, ...sent },
      processIds: [running.pid],
    },
    stop: running.stop,
  };
}

/** RFC 2544's range for benchmarks, between two network namespaces of our own: libnice never uses loopback addresses. */
const JANUS_IP = '198.18.0.1';
const LOAD_IP = '198.18.0.2';
const JANUS_VIEWERS = '198.19.0.0';

/** undefined when Janus is not installed or not wanted, or no network namespace can be made here. */
export async function startJanus(context: BareContext, sent: Sent): Promise<MediaUnderTest | undefined> {
  const program = context.withPeers && findProgram('janus');
  if (!program) return undefined;
  const [stage, hall] = [`walnut-bench-${process.pid}-stage`, `walnut-bench-${process.pid}-hall`];
  const inside = (namespace: string) => ['ip', 'netns', 'exec', namespace];
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  const remove = () => {
    for (const namespace of [stage, hall]) {
      try {
        ip('netns', 'del', namespace);
      } catch {
        // it was not made
      }
    }
  };
  try {
    for (const namespace of [stage, hall]) ip('netns', 'add', namespace);
  } catch {
    remove();
    return undefined; // not root
  }
  try {
    ip('-n', stage, 'link', 'add', 'link0', 'type', 'veth', 'peer', 'name', 'link0', 'netns', hall);
    for (const [namespace, address] of [
      [stage, JANUS_IP],
      [hall, LOAD_IP],
    ] as const) {
      ip('-n', namespace, 'addr', 'add', `${address}/15`, 'dev', 'link0');
      for (const link of ['lo', 'link0']) ip('-n', namespace, 'link', 'set', link, 'up');
    }
    ip('-n', hall, 'route', 'add', 'local', `${JANUS_VIEWERS}/16`, 'dev', 'lo');
    const [http, rtp, logFile] = [8088, 5002, join(context.dataDir, 'janus.log')];
    const configs = join(context.dataDir, 'janus');
    mkdirSync(configs);
    const config = (name: string, text: string) => writeFileSync(join(configs, name), text);
    const plugins = ['/usr/lib/x86_64-linux-gnu/janus', '/usr/lib/aarch64-linux-gnu/janus', '/usr/lib/janus'].find(
      existsSync,
    );
    config(
      'janus.jcfg',
      `general: { configs_folder = "${configs}"; plugins_folder = "${plugins}/plugins"; transports_folder = "${plugins}/transports"; events_folder = "${plugins}/events"; loggers_folder = "${plugins}/loggers"; debug_level = 3; }
nat: { ice_enforce_list = "${JANUS_IP}"; }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so"; }
transports: { disable = "libjanus_websockets.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so"; }
`,
    );
    config(
      'janus.transport.http.jcfg',
      `general: { json = "compact"; base_path = "/janus"; http = true; port = ${http}; ip = "${JANUS_IP}"; https = false; }\n`,
    );
    config(
      'janus.plugin.streaming.jcfg',
      `measured: { type = "rtp"; id = 1; media = (
  { type = "audio"; mid = "a"; port = ${rtp + 2}; pt = 111; codec = "opus"; },
  { type = "video"; mid = "v"; port = ${rtp}; rtcpport = ${rtp + 1}; pt = 102; codec = "h264"; fmtp = "packetization-mode=1;profile-level-id=42e01f"; }
); }\n`,
    );
    const running = startServer([...inside(stage), program, '--configs-folder', configs], { logFile });
    await waitUntil(
      'Janus answers',
      READY_TIMEOUT_MS,
      () => {
        try {
          execFileSync('ip', [
            'netns',
            'exec',
            hall,
            process.execPath,
            '-e',
            `fetch('http://${JANUS_IP}:${http}/janus/info').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`,
          ]);
          return true;
        } catch {
          return false;
        }
      },
      200,
    );
    const track = (port: number, payloadType: number, ssrc: number) => ({
      port,
      rtcpPort: port + 1,
      payloadType,
      ssrc,
    });
    // It says its version and ends with status 1.
    const version = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout;
    return {
      name: 'Janus',
      version: /\((\d+\.\d+\.\d+)\)/.exec(version)?.[1] ?? 'unknown',
      prefix: [...inside(hall), 'env', `SWARM_ADDRESSES=${JANUS_VIEWERS}`, ...onCore(LOAD_CORE)],
      logFile,
      target: {
        crowd: { janusUrl: `http://${JANUS_IP}:${http}/janus`, mountPoint: 1 },
        publish: {
          rtp: { ip: JANUS_IP, video: track(rtp, 102, 1111), audio: track(rtp + 2, 111, 2222) },
          rate: PICTURES_PER_SECOND,
          ...sent,
        },
        // `ip netns exec`, `taskset` and `setpriv` replace themselves by the program.
        processIds: [running.pid],
      },
      async stop() {
        await running.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

async function ready(what: string, url: string, running: Running): Promise<void> {
  await waitUntil(`${what} answers`, READY_TIMEOUT_MS, async () => {
    if (running.child.exitCode !== null) throw new Error(`${what} ended with status ${running.child.exitCode}`);
    try {
      await fetch(url, { signal: AbortSignal.timeout(2_000) });
      return true;
    } catch {
      return false;
    }
  });
}
