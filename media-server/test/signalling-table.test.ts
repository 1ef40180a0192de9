/**
 * Who may ask a media server for what, by its sockets: every namespace, and every request of the signalling, by construction. A new
 * one fails the first test of its part until it says here whom it is for.
 */
import { randomUUID } from 'node:crypto';
import {
  CLUSTER_NAMESPACE,
  CONTROL_NAMESPACE,
  MEDIA_NAMESPACE,
  type MediaRequestName,
  mediaRequests,
} from '@walnut-live/contracts';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { CONTROL, control, startServer } from './kit.ts';
import { type Door, doors, media } from './wrong-rights.ts';

let server: MediaServer;
beforeAll(async () => {
  server = await startServer({ WORKERS: '1', OFFERS_PER_SECOND_PER_ADDRESS: '1000' });
});
afterAll(() => server?.close());

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});
/** Connects; resolves with the socket or with the code of the refusal. */
function connect(namespace: string, token: unknown): Promise<Socket | string> {
  const socket = io(`${server.url}${namespace}`, {
    ...{
      auth: { token, nodeId: 'n', incarnation: 'i' },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    },
  });
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.on('connect', () => resolve(socket));
    socket.on('connect_error', (error: Error & { data?: { code: string } }) =>
      resolve(error.data?.code ?? error.message),
    );
  });
}
async function peer(claims: Record<string, unknown>): Promise<Socket> {
  const socket = await connect(MEDIA_NAMESPACE, await media(claims));
  if (typeof socket === 'string') throw new Error(socket);
  return socket;
}

describe('by socket', () => {
  const namespaces: Record<string, Door | null> = {
    '/': null,
    [MEDIA_NAMESPACE]: 'signalling',
    [CONTROL_NAMESPACE]: 'control',
    [CLUSTER_NAMESPACE]: 'control',
  };
  it('has a row for every namespace', () => {
    expect([...server.surface.namespaces].sort()).toEqual(Object.keys(namespaces).sort());
  });
  test.each(Object.entries(namespaces))('%s is closed to whoever may not', async (namespace, door) => {
    const rights = door === null ? [undefined, CONTROL, await media()] : await doors[door]();
    for (const right of rights) expect(typeof (await connect(namespace, right)), String(right)).toBe('string');
    if (door === 'control') expect(typeof (await connect(namespace, CONTROL))).toBe('object');
  });
});

const uuid = randomUUID();
const fingerprint = { algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'AB').join(':') };
interface Signal {
  /** Whose token may; the other kind is refused with `forbidden`. null: both, about what is their own. */
  right: 'publish' | 'watch' | null;
  payload: (transportId: string) => Record<string, unknown>;
  /** What somebody is told who has opened nothing, or names what is another's. null: there is nothing to name. */
  notTheirs: 'media_session_unknown' | 'media_stream_not_live' | null;
}
const signals: Record<MediaRequestName, Signal> = {
  'session:resume': {
    right: null,
    payload: () => ({ sessionKey: 'k'.repeat(32) }),
    notTheirs: 'media_session_unknown',
  },
  'session:ping': { right: null, payload: () => ({}), notTheirs: null },
  'session:leave': { right: null, payload: () => ({}), notTheirs: null },
  'transport:connect': {
    ...{ right: null, notTheirs: 'media_session_unknown' },
    payload: (transportId) => ({ transportId, dtlsParameters: { role: 'client', fingerprints: [fingerprint] } }),
  },
  'transport:restart-ice': {
    right: null,
    payload: (transportId) => ({ transportId }),
    notTheirs: 'media_session_unknown',
  },
  'publish:open': { right: 'publish', payload: () => ({}), notTheirs: null },
  'publish:produce': {
    ...{ right: 'publish', notTheirs: 'media_session_unknown' },
    payload: (transportId) => ({
      ...{ transportId, kind: 'audio' },
      rtpParameters: {
        codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 }],
        encodings: [{ ssrc: 1_111 }],
      },
    }),
  },
  'publish:pause': {
    right: 'publish',
    payload: () => ({ kind: 'video', paused: true }),
    notTheirs: 'media_session_unknown',
  },
  'watch:open': { right: 'watch', payload: () => ({}), notTheirs: 'media_stream_not_live' },
  'watch:consume': {
    ...{ right: 'watch', notTheirs: 'media_session_unknown' },
    payload: (transportId) => ({ transportId, rtpCapabilities: { codecs: [], headerExtensions: [] } }),
  },
  'watch:resume': { right: 'watch', payload: () => ({ consumerIds: [uuid] }), notTheirs: 'media_session_unknown' },
  'watch:quality': { right: 'watch', payload: () => ({ level: 'low' }), notTheirs: 'media_session_unknown' },
};

describe('signalling', () => {
  const names = Object.keys(mediaRequests) as MediaRequestName[];
  it('has a row for every request, with a payload that is right', () => {
    expect(Object.keys(signals).sort()).toEqual([...names].sort());
    for (const name of names)
      expect(mediaRequests[name].request.safeParse(signals[name].payload(uuid)).error, name).toBeUndefined();
  });

  test.each(names)(
    '%s: not with the other right, not about what is another’s, in no other shape, not by the hundred',
    async (name) => {
      const { right, payload, notTheirs } = signals[name];
      const owner = await peer({ right: 'publish', streamId: `of-${name.replace(':', '-')}` });
      const opened = await owner.emitWithAck('publish:open', {});
      const theirs = opened.data.transport.id as string;

      if (right) {
        const other = await peer({ right: right === 'watch' ? 'publish' : 'watch' });
        expect(await other.emitWithAck(name, payload(theirs))).toEqual({
          ok: false,
          error: { code: 'media_forbidden' },
        });
      }
      if (notTheirs) {
        const stranger = await peer({ right: right ?? 'watch', streamId: 'elsewhere' });
        const resumed = name === 'session:resume' ? { sessionKey: opened.data.sessionKey } : payload(theirs);
        expect(await stranger.emitWithAck(name, resumed)).toEqual({ ok: false, error: { code: notTheirs } });
        // Also of the same stream, while it is somebody else's.
        const rival = await peer({ right: right ?? 'watch', streamId: `of-${name.replace(':', '-')}` });
        expect(await rival.emitWithAck(name, resumed)).toEqual({ ok: false, error: { code: notTheirs } });
      }
      const clumsy = await peer({ right: right ?? 'watch' });
      const whole = payload(theirs);
      const spoiled = [
        ...[undefined, null, 'text', 7, [], true, { ...whole, surprise: 1 }],
        ...Object.keys(whole).flatMap((field) =>
          [{}, [], -1, 'x'.repeat(3_000)].map((value) => ({ ...whole, [field]: value })),
        ),
      ].filter((value) => !mediaRequests[name].request.safeParse(value).success);
      for (const value of spoiled) {
        const ack = await clumsy.emitWithAck(name, value);
        expect(ack, JSON.stringify(value)).toMatchObject({ ok: false, error: { code: 'media_payload_invalid' } });
      }
      const acks = await Promise.all(Array.from({ length: 60 }, () => clumsy.emitWithAck(name, { flood: 1 })));
      expect(acks.filter(({ error }) => error?.code === 'media_rate_limited').length).toBeGreaterThan(10);
      const gone = new Promise((resolve) => clumsy.on('disconnect', resolve));
      clumsy.emit(name, { padding: 'x'.repeat(100_000) });
      await gone;
      expect((await control(server, 'GET', '/streams')).status).toBe(200);
    },
  );
});
