/** Long polling through a balancer: works where a caller keeps its node (as nginx is told to), on any node. */
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectRoom } from '../../testing/room-client.ts';
import { CROWDED_TEST_MS, PATIENCE_MS, startTwoNodes } from '../../testing/two-nodes.ts';

vi.setConfig({ testTimeout: CROWDED_TEST_MS });

/** Hands each request on to the server that `choose` names. */
async function startBalancer(choose: (incoming: IncomingMessage) => string): Promise<string> {
  const server = createServer((incoming, answer) => {
    const { method, headers, url = '' } = incoming;
    const onward = request(new URL(url, choose(incoming)), { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a caller who keeps the node talks and listens by polling, and goes on at another node from the last number', async () => {
  const { other, urlA, urlB, enter, brand } = await startTwoNodes();
  const { rooms, consumers } = brand;
  let node = urlB;
  const balancer = await startBalancer(() => node);
  const bella = await enter(urlA, rooms.a.id, consumers.bella);
  const { auth } = await enter(urlA, rooms.a.id, consumers.anna);
  const polling = { transports: ['polling' as const] };
  const anna = await connectRoom(balancer, auth, polling);
  expect(anna.socket.io.engine.transport.name).toBe('polling');
  expect(await anna.ask('chat:send', { text: 'by polling' })).toMatchObject({ ok: true });
  await bella.waitFor('it', () => bella.said().length === 1, PATIENCE_MS);
  await anna.waitFor('it', () => anna.events('chat:sent').length === 1, PATIENCE_MS);

  await other.close();
  await anna.waitFor('goodbye', () => !anna.socket.connected, PATIENCE_MS);
  expect(await bella.ask('chat:send', { text: 'meanwhile' })).toMatchObject({ ok: true });
  node = urlA;
  const back = await connectRoom(balancer, { ...auth, lastSeq: anna.seq() }, polling);
  await back.waitFor('what was missed', () => back.events('chat:sent').length === 1, PATIENCE_MS);
  expect(back.events('chat:sent').map(({ message }) => message.text)).toEqual(['meanwhile']);
  expect(back.snapshots).toEqual([]);
  back.close();
});

test('a balancer that sends each request elsewhere is refused at once, and does no harm', async () => {
  const { urlA, urlB, enter, brand } = await startTwoNodes();
  let turn = 0;
  const balancer = await startBalancer(() => [urlA, urlB][turn++ % 2] ?? urlA);
  const anna = await enter(urlA, brand.rooms.a.id, brand.consumers.anna);
  await expect(connectRoom(balancer, anna.auth, { transports: ['polling'] })).rejects.toThrow();
  expect(await anna.ask('chat:send', { text: 'still here' })).toMatchObject({ ok: true });
});
