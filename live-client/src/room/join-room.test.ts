import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Me, type RoomEvent, type RoomFrame, roomMessages } from '@walnut-live/contracts';
import { Server, type Socket } from 'socket.io';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createApi } from '../http/index.ts';
import { visibleChat } from './chat-state.ts';
import { AT, bagItem, joinReply, message, snapshot, uuid } from './fixtures.ts';
import { joinRoom, type RoomSession } from './join-room.ts';

const guest: Me = { id: uuid(900), kind: 'guest', name: '游客', phoneMasked: null, staff: null };
const consumer: Me = { ...guest, kind: 'consumer', name: '小林' };

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of undo.splice(0).reverse()) await close();
});

type Handshake = { token: string; roomId: string; lastSeq?: number };

/** A small room server: the HTTP routes a join needs and a real Socket.IO namespace. */
const startRoomServer = async () => {
  const state = {
    joins: 0,
    handshakes: [] as Handshake[],
    sockets: [] as Socket[],
    joinStatus: 200,
    joinCode: 'unavailable',
    refuseNext: null as string | null,
    join: joinReply(),
    handle: (_: string, __: unknown): unknown => ({ ok: false, error: { code: 'internal' } }),
    me: guest,
  };
  const http: HttpServer = createServer((request, response) => {
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const url = request.url ?? '';
    if (url.startsWith('/api/v1/auth/')) {
      if (url.endsWith('/sandbox')) state.me = consumer;
      reply(200, { accessToken: `access-${state.me.kind}`, expiresInSeconds: 600, me: state.me });
    } else if (url.endsWith('/join')) {
      state.joins += 1;
      if (state.joinStatus === 200) reply(200, { ...state.join, serverTime: new Date().toISOString() });
      else reply(state.joinStatus, { code: state.joinCode, status: state.joinStatus, requestId: 'r' });
    } else if (url.endsWith('/bag')) {
      reply(200, { roomId: uuid(1), pinnedProductId: uuid(12), items: [bagItem(0), bagItem(2)] });
    }
  });
  const io = new Server(http, { transports: ['websocket'] });
  const namespace = io.of('/room');
  namespace.use((socket, next) => {
    state.handshakes.push(socket.handshake.auth as Handshake);
    if (!state.refuseNext) return next();
    const error = Object.assign(new Error(state.refuseNext), { data: { code: state.refuseNext } });
    state.refuseNext = null;
    next(error);
  });
  namespace.on('connection', (socket) => {
    state.sockets.push(socket);
    for (const name of Object.keys(roomMessages)) {
      socket.on(name, (payload: unknown, ack: (answer: unknown) => void) => {
        const answer = state.handle(name, payload);
        if (answer !== undefined) ack(answer);
      });
    }
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  undo.push(() => void io.close());
  const baseUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const emit = (event: string, payload: unknown): void => void namespace.emit(event, payload);
  const frame = (seq: number, events: RoomEvent[], after?: number): void =>
    emit('room:frame', {
      seq,
      at: new Date().toISOString(),
      events: events.map((event, at) => ({ seq: seq - events.length + 1 + at, at: AT, event })),
      ...(after === undefined ? {} : { after }),
    } satisfies RoomFrame);
  return { state, baseUrl, emit, frame, drop: () => io.of('/room').disconnectSockets(true) };
};

const enter = (baseUrl: string): { room: RoomSession; api: ReturnType<typeof createApi> } => {
  const api = createApi({ baseUrl, audience: 'consumer' });
  const room = joinRoom({ api, roomId: uuid(1), random: () => 0 });
  undo.push(room.close);
  return { room, api };
};
const until = (room: RoomSession, test: (state: ReturnType<RoomSession['get']>) => boolean): Promise<void> =>
  vi.waitFor(() => expect(test(room.get())).toBe(true), { timeout: 8_000, interval: 10 });
const online = (room: RoomSession) => until(room, (state) => state.connection.state === 'online');
const lines = (room: RoomSession) =>
  visibleChat(room.get().chat, room.get().outbox, 'viewer').map((line) => [line.text, line.delivery]);

describe('joinRoom', () => {
  it('joins by HTTP as a guest, connects with the room token, and applies frames and events', async () => {
    const server = await startRoomServer();
    const { room } = enter(server.baseUrl);
    const events: string[] = [];
    room.onEvent((event) => events.push(event.kind));
    await online(room);
    expect(room.get()).toMatchObject({ loaded: true, seq: 10, selfId: guest.id, likes: 5 });
    expect(server.state.handshakes).toEqual([{ token: 'room-token', roomId: uuid(1), lastSeq: 10 }]);
    server.frame(
      12,
      [
        { kind: 'likes:counted', total: 6 },
        { kind: 'notice:set', text: '八点抽奖' },
      ],
      10,
    );
    await until(room, (state) => state.seq === 12);
    expect(room.get()).toMatchObject({ likes: 6, notice: '八点抽奖' });
    expect(events).toEqual(['likes:counted', 'notice:set']);
    expect(Math.abs(room.serverNowMs() - Date.now())).toBeLessThan(1_000);
  });

  it('comes back after a loss with the same token and the last sequence number', async () => {
    const server = await startRoomServer();
    const { room } = enter(server.baseUrl);
    await online(room);
    server.frame(15, [{ kind: 'likes:counted', total: 8 }]);
    await until(room, (state) => state.seq === 15);
    server.drop();
    await until(room, (state) => state.connection.state === 'reconnecting');
    await online(room);
    expect(server.state.joins).toBe(1);
    expect(server.state.handshakes.at(-1)).toMatchObject({ token: 'room-token', lastSeq: 15 });
    server.emit('room:snapshot', snapshot({ seq: 40, likes: 99 }));
    await until(room, (state) => state.seq === 40 && state.likes === 99);
  });

  it('resumes from its own number when a frame is missing', async () => {
    const server = await startRoomServer();
    const { room } = enter(server.baseUrl);
    await online(room);
    server.frame(31, [{ kind: 'likes:counted', total: 8 }], 30);
    await vi.waitFor(() => expect(server.state.handshakes).toHaveLength(2), { timeout: 5_000 });
    expect(server.state.handshakes[1]?.lastSeq).toBe(10);
    expect(room.get().likes).toBe(5);
  });

  it('joins anew when the token has expired, by clock or by refusal', async () => {
    const server = await startRoomServer();
    const { room } = enter(server.baseUrl);
    await online(room);
    server.state.refuseNext = 'session_expired';
    server.drop();
    await vi.waitFor(() => expect(server.state.joins).toBe(2), { timeout: 5_000 });
    await online(room);
    server.emit('room:closed', { reason: 'token_expired' });
    await vi.waitFor(() => expect(server.state.joins).toBe(3), { timeout: 5_000 });
    await online(room);
  });

  it.each(['banned', 'ended', 'replaced'] as const)('room:closed %s is final', async (reason) => {
    const server = await startRoomServer();
    const { room } = enter(server.baseUrl);
    await online(room);
    server.emit('room:closed', { reason });
    await until(room, (state) => state.connection.state === 'closed');
    expect(room.get().connection).toEqual({ state: 'closed', reason });
    expect(server.state.handshakes).toHaveLength(1);
  });

  it('room:closed server_shutdown is a loss like any other', async () => {
    const server = await startRoomServer();
    const { room } = enter(server.baseUrl);
    await online(room);
    server.emit('room:closed', { reason: 'server_shutdown' });
    await vi.waitFor(() => expect(server.state.handshakes).toHaveLength(2), { timeout: 5_000 });
    await online(room);
  });

  it('a ban found at the door closes; an unreachable api is tried again', async () => {
    const server = await startRoomServer();
    server.state.joinStatus = 503;
    const { room } = enter(server.baseUrl);
    await until(room, (state) => state.connection.state === 'reconnecting');
    server.state.joinStatus = 200;
    await online(room);

    server.state.joinStatus = 403;
    server.state.joinCode = 'banned';
    const { room: other } = enter(server.baseUrl);
    await until(other, (state) => state.connection.state === 'closed');
    expect(other.get().connection).toEqual({ state: 'closed', reason: 'banned', code: 'banned' });
  });

  it('shows an own message at once and re-sends it under the same id until acknowledged', async () => {
    const server = await startRoomServer();
    const seen: { text: string; clientMessageId: string }[] = [];
    server.state.handle = (_, payload) => {
      const { text, clientMessageId } = payload as { text: string; clientMessageId: string };
      seen.push({ text, clientMessageId });
      if (seen.length === 1) return undefined;
      return {
        ok: true,
        data: { message: message(9, { messageId: `x:${clientMessageId}`, personId: guest.id, text }) },
      };
    };
    const { room } = enter(server.baseUrl);
    await online(room);
    room.sendChat('  多少钱？ ');
    expect(lines(room).at(-1)).toEqual(['多少钱？', 'sending']);
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    server.drop();
    await vi.waitFor(() => expect(lines(room).at(-1)).toEqual(['多少钱？', 'sent']), { timeout: 8_000 });
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
    expect(room.get().outbox).toEqual([]);
    expect(room.sendChat('   ')).toBeNull();
  });

  it('a refused message can be retried or dismissed', async () => {
    const server = await startRoomServer();
    server.state.handle = () => ({ ok: false, error: { code: 'rate_limited' } });
    const { room } = enter(server.baseUrl);
    await online(room);
    const id = room.sendChat('快') ?? '';
    await until(room, (state) => state.outbox[0]?.state === 'failed');
    expect(room.get().outbox[0]?.code).toBe('rate_limited');
    server.state.handle = () => ({ ok: true, data: { message: message(9, { text: '快' }) } });
    room.retryChat(id);
    await until(room, (state) => state.outbox.length === 0);
    expect(lines(room).at(-1)).toEqual(['快', 'sent']);
  });

  it('says that the room is paused; a message waits and goes out when the pause is over', async () => {
    const server = await startRoomServer();
    const { room } = enter(server.baseUrl);
    await online(room);
    const asked: unknown[] = [];
    server.state.handle = (_name, payload) => {
      asked.push(payload);
      return { ok: false, error: { code: 'unavailable', facts: { paused: 'room', retryAfterMs: 1_000 } } };
    };
    const id = room.sendChat('还在吗'); // said before anybody knew
    await vi.waitFor(() => expect(asked.length).toBe(1));
    server.emit('room:paused', { paused: true });
    await until(room, (state) => state.paused);
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // longer than a refused message waits to be sent again
    expect(asked.length).toBe(1);
    expect(lines(room).at(-1)).toEqual(['还在吗', 'sending']);
    server.state.handle = (_name, payload) => {
      asked.push(payload);
      return { ok: true, data: { message: message(7, { text: '还在吗', personId: guest.id }) } };
    };
    server.emit('room:paused', { paused: false });
    await until(room, (state) => !state.paused && state.outbox.length === 0);
    expect(new Set(asked.map((payload) => (payload as { clientMessageId: string }).clientMessageId))).toEqual(
      new Set([id]),
    );
    // A connection to another node knows nothing of the pause of this one.
    server.emit('room:paused', { paused: true });
    await until(room, (state) => state.paused);
    server.drop();
    await until(room, (state) => !state.paused);
  });

  it('counts likes at once and settles them with the server’s total', async () => {
    const server = await startRoomServer();
    const batches: { count: number; batch: { no: number; clientId: string } }[] = [];
    server.state.handle = (_, payload) => {
      batches.push(payload as (typeof batches)[number]);
      return { ok: true, data: { total: 9 } };
    };
    const { room } = enter(server.baseUrl);
    await online(room);
    for (let tap = 0; tap < 4; tap += 1) room.like();
    expect(room.get().likesUnsent).toBe(4);
    await until(room, (state) => state.likesUnsent === 0);
    expect(room.get().likes).toBe(9);
    expect(batches).toMatchObject([{ count: 4, batch: { no: 1 } }]);
    expect(roomMessages['like:add'].payload.safeParse(batches[0]).success).toBe(true);
  });

  it('commands carry what the contract says and fail with its codes', async () => {
    const server = await startRoomServer();
    const seen: [string, unknown][] = [];
    server.state.handle = (name, payload) => {
      const { payload: schema } = roomMessages[name as keyof typeof roomMessages];
      seen.push([name, schema.safeParse(payload).success]);
      return name === 'viewer:ban' ? { ok: false, error: { code: 'forbidden' } } : { ok: true, data: {} };
    };
    const { room } = enter(server.baseUrl);
    await expect(room.pin(uuid(10))).rejects.toMatchObject({ code: 'offline' });
    await online(room);
    await room.pin(uuid(10));
    await room.unpin();
    await room.deleteChat('m1');
    await room.mute(uuid(101), 10);
    await room.setNotice('');
    await room.openOffer({ skuId: uuid(20), priceFen: 100, durationSeconds: 60 });
    await expect(room.ban(uuid(101))).rejects.toMatchObject({ code: 'forbidden', status: 403 });
    expect(seen.map(([name]) => name)).toEqual([
      'product:pin',
      'product:unpin',
      'chat:delete',
      'viewer:mute',
      'notice:set',
      'offer:open',
      'viewer:ban',
    ]);
    expect(seen.every(([, valid]) => valid === true)).toBe(true);
  });

  it('fetches the bag when it names a product that was never sent', async () => {
    const server = await startRoomServer();
    const { room } = enter(server.baseUrl);
    await online(room);
    server.frame(11, [{ kind: 'product:pinned', productId: uuid(12), mediaTime: AT }]);
    await until(room, (state) => !state.bagStale && state.bag.items.some((item) => item.product.id === uuid(12)));
    expect(room.get().bag.pinnedProductId).toBe(uuid(12));
  });

  it('joins anew when a guest signs in, keeping what it shows', async () => {
    const server = await startRoomServer();
    const { room, api } = enter(server.baseUrl);
    await online(room);
    server.frame(14, [{ kind: 'likes:counted', total: 44 }]);
    await until(room, (state) => state.seq === 14);
    await api.signInSandbox({ phone: '13800000001' });
    await vi.waitFor(() => expect(server.state.joins).toBe(2));
    await online(room);
    expect(room.get().likes).toBe(44);
    expect(server.state.handshakes).toHaveLength(2);
  });

  it('selectors hear only their part, and close ends everything', async () => {
    const server = await startRoomServer();
    const { room } = enter(server.baseUrl);
    await online(room);
    const likes: number[] = [];
    const stop = room.select(
      (state) => state.likes,
      (next) => likes.push(next),
    );
    server.frame(12, [
      { kind: 'notice:set', text: 'a' },
      { kind: 'likes:counted', total: 6 },
    ]);
    await until(room, (state) => state.likes === 6);
    stop();
    server.frame(13, [{ kind: 'likes:counted', total: 7 }]);
    await until(room, (state) => state.likes === 7);
    expect(likes).toEqual([6]);
    room.close();
    expect(room.get().connection).toEqual({ state: 'closed', reason: 'left' });
    expect(room.sendChat('x')).toBeNull();
    await vi.waitFor(() => expect(server.state.sockets[0]?.connected).toBe(false));
  });
});
