import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { letGo } from './letting-go.ts';

let server: Server | undefined;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterEach(() => {
  agent.destroy();
  server?.closeAllConnections();
});

async function listen(): Promise<number> {
  server = createServer((_request, response) => void response.end('here'));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
const post = (port: number, over: Agent | false): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', method: 'POST', agent: over }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer));
    });
    asked.on('error', reject);
    asked.end();
  });

test('a kept connection is answered once more and told to end, while a new one is refused', async () => {
  const port = await listen();
  expect((await post(port, agent)).headers.connection).toBe('keep-alive');
  const going = letGo(server as Server, 5_000);
  await expect.poll(() => post(port, false).catch((error) => error.code)).toBe('ECONNREFUSED');
  const last = await post(port, agent);
  expect(last.statusCode).toBe(200);
  expect(last.headers.connection).toBe('close');
  const startedMs = Date.now();
  await (await going).ended;
  expect(Date.now() - startedMs).toBeLessThan(4_000);
});

test('a connection that nobody lets go of is waited for no longer than allowed', async () => {
  const port = await listen();
  await post(port, agent);
  const startedMs = Date.now();
  await letGo(server as Server, 300);
  expect(Date.now() - startedMs).toBeGreaterThanOrEqual(290);
  expect(Date.now() - startedMs).toBeLessThan(2_000);
});

test('without a grace idle connections end at once', async () => {
  const port = await listen();
  await post(port, agent);
  await (await letGo(server as Server, 0)).ended;
});
