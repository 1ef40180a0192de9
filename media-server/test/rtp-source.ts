/** A real encoder for the ingest: ffmpeg's test picture and a tone, sent as plain RTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { RtpIngest } from '@walnut-live/contracts';

export interface RtpSource {
  pid: number | undefined;
  stop(): void;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @param look what is seen and heard instead: a colour of ffmpeg and a tone in Hz */
export function startRtpSource(
  ingest: RtpIngest,
  size = '640x360',
  look?: { colour: string; tone: number },
): RtpSource {
  const picture = look ? `color=${look.colour}` : 'testsrc2';
  // Both outputs are told the same beginning: on a busy machine one starts seconds after the other, and would say so.
  const begins = ['-start_time_realtime', String(Date.now() * 1_000)];
  const url = ({ port, rtcpPort }: RtpIngest['video']): string =>
    `rtp://${ingest.ip}:${port}?rtcpport=${rtcpPort}&pkt_size=1200`;
  const child = spawn(
    'ffmpeg',
    [
      ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-re'],
      ...[
        '-f',
        'lavfi',
        '-i',
        `${picture}${look ? ':' : '='}size=${size}:rate=25`,
        '-f',
        'lavfi',
        '-i',
        `sine=frequency=${look?.tone ?? 440}:sample_rate=48000`,
      ],
      ...['-map', '0:v', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
      ...['-profile:v', 'baseline', '-level', '3.1', '-b:v', '800k', '-g', '25', '-bf', '0'],
      ...['-ssrc', String(ingest.video.ssrc), '-payload_type', String(ingest.video.payloadType)],
      ...[...begins, '-f', 'rtp', url(ingest.video)],
      ...['-map', '1:a', '-c:a', 'libopus', '-ac', '2', '-b:a', '64k'],
      ...['-ssrc', String(ingest.audio.ssrc), '-payload_type', String(ingest.audio.payloadType)],
      ...[...begins, '-f', 'rtp', url(ingest.audio)],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  running.add(child);
  child.on('exit', () => running.delete(child));
  return { pid: child.pid, stop: () => child.kill('SIGKILL') };
}
