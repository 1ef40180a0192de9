import { beforeEach, expect, it, vi } from 'vitest';
import { createEmitter } from './emitter.ts';
import { publishOnce } from './publish.ts';

/** The server at the other end: what it was asked, and when it answers. */
const server = vi.hoisted(() => ({
  asked: [] as string[],
  transportsOpen: 0,
  answerOpen: undefined as ((reply: unknown) => void) | undefined,
  up: undefined as (() => void) | undefined,
  reset: undefined as (() => void) | undefined,
}));

vi.mock('./connection.ts', () => ({
  openConnection: () => {
    const events = createEmitter<{ up: undefined; down: undefined; end: never }>();
    server.up = () => events.emit('up', undefined);
    return {
      isUp: true,
      on: events.on,
      onEvent: (name: string, listener: (message: unknown) => void) => {
        if (name === 'session:reset') server.reset = () => listener({ retryInMs: 0 });
      },
      request: (name: string) => {
        server.asked.push(name);
        return name === 'publish:open'
          ? new Promise((resolve) => {
              server.answerOpen = resolve;
            })
          : Promise.resolve({});
      },
      verify: () => undefined,
      close: () => undefined,
    };
  },
}));
vi.mock('./media-path.ts', () => ({ watchMediaPath: () => ({ connected: false, close: () => undefined }) }));
vi.mock('mediasoup-client', () => ({
  Device: {
    factory: async () => ({
      load: async () => undefined,
      createSendTransport: () => {
        server.transportsOpen += 1;
        return {
          on: () => undefined,
          close: () => {
            server.transportsOpen -= 1;
          },
        };
      },
    }),
  },
}));

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const OPENED = { sessionKey: 'k', routerRtpCapabilities: {}, transport: {} };

function start() {
  const leg = publishOnce({
    url: '',
    token: () => Promise.resolve(''),
    stream: { getTracks: () => [] } as unknown as MediaStream,
  });
  const states: string[] = [];
  leg.on('state', ({ status }) => states.push(status));
  server.up?.();
  return { leg, states };
}

beforeEach(() => Object.assign(server, { asked: [], transportsOpen: 0 }));

it('gives a session back that was opened while another took its place', async () => {
  const { leg, states } = start();
  leg.leave();
  server.answerOpen?.(OPENED);
  await settled();
  expect(server.asked).toEqual(['publish:open', 'session:leave']);
  expect(server.transportsOpen).toBe(0);
  expect(states).toEqual(['closed']);
});

it('says goodbye instead of beginning anew when its session breaks after another took its place', async () => {
  const { leg, states } = start();
  server.answerOpen?.(OPENED);
  await settled();
  expect(server.transportsOpen).toBe(1);
  leg.leave();
  await settled();
  expect(states).toEqual([]);
  server.reset?.();
  await settled();
  expect(server.asked).toEqual(['publish:open', 'session:leave']);
  expect(server.transportsOpen).toBe(0);
  expect(states).toEqual(['closed']);
  leg.close();
  expect(server.asked).toHaveLength(2);
});
