/**
 * Sends the demo programme to the media server as an outside encoder would: plain RTP from one ffmpeg.
 *
 * Model: the media server says where to send (an ingest); ffmpeg sends there. Both may die at any time, so every
 * CHECK_MS the ingest is asked for again, which also creates it after a restart of the media server. Invariants: at most
 * one ffmpeg; it dies with us; it always sends to the newest ingest; every ffmpeg has an ingest of its own, because its
 * sequence numbers begin anywhere, and a receiver that goes on with the old ones may lose the sound for good.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { RtpIngest } from '@walnut-live/contracts';
import { dyingWithUs } from '../processes.ts';

const CHECK_MS = 2_000;
const REQUEST_TIMEOUT_MS = 3_000;
/** Fits a media packet into one Ethernet frame with room for SRTP and tunnels. */
const PACKET_BYTES = 1_200;

const { MEDIA_CONTROL_URL, CONTROL_TOKEN, STREAM_ID, PROGRAMME, FFMPEG_BIN = 'ffmpeg' } = process.env;
if (!MEDIA_CONTROL_URL || !CONTROL_TOKEN || !STREAM_ID || !PROGRAMME) {
  throw new Error('MEDIA_CONTROL_URL, CONTROL_TOKEN, STREAM_ID and PROGRAMME must be set');
}
const ingestUrl = `${MEDIA_CONTROL_URL}/control/streams/${encodeURIComponent(STREAM_ID)}/rtp-ingest`;
const headers = { Authorization: `Bearer ${CONTROL_TOKEN}` };
const programme = PROGRAMME;

const log = (level: number, msg: string) =>
  process.stdout.write(`${JSON.stringify({ level, time: Date.now(), msg })}\n`);

let sender: { child: ChildProcess; key: string } | undefined;
let lastProblem = '';

const forget = (timeoutMs: number) =>
  fetch(ingestUrl, { method: 'DELETE', headers, signal: AbortSignal.timeout(timeoutMs) });

async function check(): Promise<void> {
  if (!sender) await forget(REQUEST_TIMEOUT_MS);
  const response = await fetch(ingestUrl, {
    method: 'POST',
    headers,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  if (!response.ok)
    throw new Error(`the media server answers ${response.status}: ${(await response.text()).slice(0, 200)}`);
  const ingest = RtpIngest.parse(await response.json());
  const key = JSON.stringify(ingest);
  if (sender?.key === key) return;
  sender?.child.kill('SIGKILL');
  send(ingest, key);
}

function send(ingest: RtpIngest, key: string): void {
  const [command = '', ...args] = dyingWithUs('KILL', [FFMPEG_BIN, ...senderArguments(ingest)]);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const mine = { child, key };
  sender = mine;
  log(30, `sending to ${ingest.ip}, video port ${ingest.video.port}, audio port ${ingest.audio.port}`);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-1_000);
  });
  child.once('error', (error) => log(50, `ffmpeg cannot be run: ${error.message}`));
  child.once('close', (code, signal) => {
    if (sender !== mine) return;
    sender = undefined; // the next check starts it again
    log(40, `ffmpeg ended (${signal ?? code}): ${said.trim()}`);
  });
}

function senderArguments({ ip, video, audio }: RtpIngest): string[] {
  const out = (kind: 'v' | 'a', { port, rtcpPort, payloadType, ssrc }: RtpIngest['video']) => [
    ...['-map', `0:${kind}`, '-c', 'copy', '-payload_type', String(payloadType), '-ssrc', String(ssrc | 0)],
    ...['-f', 'rtp', `rtp://${ip}:${port}?rtcpport=${rtcpPort}&pkt_size=${PACKET_BYTES}`],
  ];
  return [
    ...['-hide_banner', '-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', '-i', programme],
    ...out('v', video),
    ...out('a', audio),
  ];
}

let closing = false;
async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  clearInterval(timer);
  const child = sender?.child;
  sender = undefined;
  child?.kill('SIGKILL');
  await forget(500).catch(() => undefined);
  process.exit(0);
}
process.on('SIGTERM', () => void close());
process.on('SIGINT', () => void close());

let checking = false;
async function tick(): Promise<void> {
  if (checking || closing) return;
  checking = true;
  try {
    await check();
    lastProblem = '';
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    if (problem !== lastProblem) log(40, `the demo programme waits for the media server: ${problem}`);
    lastProblem = problem;
  } finally {
    checking = false;
  }
}
const timer = setInterval(() => void tick(), CHECK_MS);
void tick();
