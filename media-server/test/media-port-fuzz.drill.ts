/**
 * A room plays while everything that reads from the network is sent rubbish for FUZZ_SECONDS: the media port by UDP and TCP, a transport
 * whose ICE is really up (bent DTLS), the port of an encoder (bent RTP and RTCP), the signalling. The workers live, the picture goes
 * on, and nothing stays behind. FUZZ_SEED says which rubbish.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type MediaRequestName, mediaRequests, RtpIngest } from '@walnut-live/contracts';
import fc from 'fast-check';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { seeded } from '../../e2e/kit/seeded.ts';
import type { MediaServer } from '../src/media-server.ts';
import { control, freePortBase, mintToken, openStage, type Stage, startServer, until } from './kit.ts';
import { whipCalls } from './whip-kit.ts';
import { bent, clientHello, rtcpPacket, rtpPacket, stunRequest } from './wire-forms.ts';

const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 60);
/** What a busy machine may take to show the next picture. */
const PICTURE_MS = 20_000;

let server: MediaServer;
let stage: Stage;
let port: number;
beforeAll(async () => {
  port = await freePortBase();
  server = await startServer({ WORKERS: '1', RTC_PORT_BASE: String(port), OFFERS_PER_SECOND_PER_ADDRESS: '1000' });
  stage = await openStage();
});
afterAll(async () => {
  await stage?.close();
  await server?.close();
});
const { publish } = whipCalls(() => server);

const send = (socket: UdpSocket, data: Buffer, to = port): Promise<unknown> =>
  new Promise((resolve) => socket.send(data, to, '127.0.0.1', resolve));
const iceOf = (answer: string) => ({
  ufrag: /a=ice-ufrag:(\S+)/.exec(answer)?.[1] ?? '',
  password: /a=ice-pwd:(\S+)/.exec(answer)?.[1] ?? '',
});

/** A publisher by WHIP whose ICE comes up, and who then says nothing sensible. */
async function bendDtls(
  random: () => number,
  isOver: () => boolean,
): Promise<{ answered: number; rounds: number; sent: number }> {
  const seen = { answered: 0, rounds: 0, sent: 0 };
  for (let round = 0; !isOver(); round += 1) {
    // The same person again, who takes the place of themselves.
    const ice = iceOf((await publish(`dtls-${round % 5}`, undefined, { sub: 'rubbish' })).answer);
    if (ice.password === '') continue;
    seen.rounds += 1;
    const socket = createSocket('udp4');
    socket.on('message', () => {
      seen.answered += 1;
    });
    await send(socket, stunRequest(ice, random));
    for (let at = 0; at < 200 && !isOver(); at += 1) {
      const hello = clientHello(random, at);
      const kind = random();
      const packet = kind < 0.1 ? hello : kind < 0.7 ? bent(hello, random) : bent(stunRequest(ice, random), random);
      await send(socket, packet);
      seen.sent += 1;
      if (at % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.close();
  }
  return seen;
}

/** An encoder's port takes plain RTP: nothing stands between it and the parsers. */
async function bendRtp(random: () => number, isOver: () => boolean): Promise<number> {
  const { video, audio } = RtpIngest.parse(await (await control(server, 'POST', '/streams/rubbish/rtp-ingest')).json());
  const socket = createSocket('udp4');
  let sent = 0;
  while (!isOver()) {
    const track = random() < 0.7 ? video : audio;
    const right = rtpPacket(random, { ...track, sequence: sent });
    await send(socket, random() < 0.3 ? right : bent(right, random), track.port);
    if (sent % 10 === 0) await send(socket, bent(rtcpPacket(random, track.ssrc), random), track.rtcpPort);
    sent += 1;
    if (sent % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  socket.close();
  await control(server, 'DELETE', '/streams/rubbish/rtp-ingest');
  return sent;
}

/** RFC 4571 frames whose lengths lie, on connections that come and go. */
async function bendTcp(random: () => number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const tcp = connect(port, '127.0.0.1').on('error', () => undefined);
    for (let at = 0; at < 30; at += 1) {
      const data = bent(random() < 0.5 ? clientHello(random, at) : rtcpPacket(random, at), random);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(random() < 0.3 ? Math.floor(random() * 65_536) : data.length);
      tcp.write(Buffer.concat([length, data]));
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (random() < 0.5) tcp.resetAndDestroy();
    else tcp.end();
  }
}

/** Requests of the signalling with whatever JSON can say, in place of each of their parts. */
async function bendSignals(seed: number, isOver: () => boolean): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  const names = Object.keys(mediaRequests) as MediaRequestName[];
  const shapeOf = (name: MediaRequestName) =>
    Object.keys(
      (z.toJSONSchema(mediaRequests[name].request as z.ZodType, { unrepresentable: 'any' }).properties ?? {}) as object,
    );
  for (let round = 0; !isOver(); round += 1) {
    const right = round % 2 ? ('publish' as const) : ('watch' as const);
    const socket = io(`${server.url}/media`, {
      auth: { token: await mintToken({ right, streamId: round % 3 ? `signals-${round % 7}` : 'plays' }) },
      ...{ transports: ['websocket'], reconnection: false, forceNew: true },
    });
    const isIn = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('connect_error', () => resolve(false));
    });
    if (!isIn) continue;
    const opened = await socket
      .timeout(5_000)
      .emitWithAck(`${right}:open`, {})
      .catch(() => undefined);
    const transportId = (opened?.data?.transport?.id as string | undefined) ?? 'none';
    const calls = fc.sample(
      fc.constantFrom(...names).chain((name) =>
        fc.tuple(
          fc.constant(name),
          fc.record(
            Object.fromEntries(
              shapeOf(name).map((key) => [
                key,
                fc.oneof(
                  {
                    weight: 4,
                    arbitrary: key === 'transportId' ? fc.constant(transportId) : fc.jsonValue({ maxDepth: 3 }),
                  },
                  {
                    weight: 1,
                    arbitrary: fc.constantFrom<unknown>(null, '', 'video', 'x'.repeat(9_000), { codecs: [{}] }, [[]]),
                  },
                ),
              ]),
            ) as Record<string, fc.Arbitrary<unknown>>,
          ),
        ),
      ),
      { seed: seed + round, numRuns: 35 },
    );
    for (const [name, payload] of calls) {
      if (isOver() || !socket.connected) break;
      const ack = await socket
        .timeout(5_000)
        .emitWithAck(name, payload)
        .catch(() => ({ ok: false, error: { code: 'no answer' } }));
      const code = ack.ok ? 'ok' : String(ack.error?.code);
      outcomes[code] = (outcomes[code] ?? 0) + 1;
    }
    socket.disconnect();
  }
  return outcomes;
}

it('a room plays on while everything is sent rubbish', { timeout: (SECONDS + 180) * 1_000 }, async () => {
  process.stdout.write(`media fuzz: FUZZ_SEED=${SEED} FUZZ_SECONDS=${SECONDS}\n`);
  const target = { url: server.url, streamId: 'plays' };
  const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
  await guide.publish(target, { width: 320, height: 180 });
  await until('live', guide.publishState, (state) => state.status === 'live', 30_000);
  await viewer.watch(target);
  await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: PICTURE_MS });
  const [pids, census] = [server.workerPids(), await server.census()];

  const endsAt = Date.now() + SECONDS * 1_000;
  const isOver = () => Date.now() > endsAt;
  const watch = async (): Promise<number> => {
    let pictures = 0;
    while (!isOver()) {
      await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: PICTURE_MS });
      pictures += 1;
      expect(server.workerPids()).toEqual(pids);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    return pictures;
  };
  const [pictures, dtls, rtp, , signals] = await Promise.all([
    watch(),
    bendDtls(seeded(SEED), isOver),
    bendRtp(seeded(SEED + 1), isOver),
    bendTcp(seeded(SEED + 2), isOver),
    bendSignals(SEED, isOver),
  ]);
  process.stdout.write(`media fuzz: ${JSON.stringify({ pictures, dtls, rtp, signals })}\n`);

  // It was heard at all, and no request of the signalling ended in a fault of ours or in silence.
  expect(dtls.answered).toBeGreaterThan(dtls.rounds);
  expect(dtls.rounds).toBeGreaterThan(5);
  expect(signals.media_payload_invalid).toBeGreaterThan(10);
  expect({ internal: signals.media_internal ?? 0, silent: signals['no answer'] ?? 0 }).toEqual({
    internal: 0,
    silent: 0,
  });
  expect(server.workerPids()).toEqual(pids);
  expect(await guide.publishState()).toMatchObject({ status: 'live' });
  expect(await viewer.watchState()).toEqual({ status: 'playing' });
  await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: PICTURE_MS });
  expect((await server.census()).workerDeaths).toBe(census.workerDeaths);
  // Sessions of the attack end by themselves: the room's own transports are left.
  await until(
    'nothing stays',
    () => server.census(),
    ({ webRtcTransports, peers }) => webRtcTransports <= census.webRtcTransports && peers <= census.peers,
    90_000,
  );
});
