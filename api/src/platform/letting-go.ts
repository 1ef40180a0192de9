/**
 * How an HTTP server ends without a request that meets a closing door. A proxy keeps connections for its next requests; one
 * that is closed while a request is on its way is a request lost, and a POST is not repeated by proxies. So the listener goes
 * first (a refused connection is tried elsewhere, whatever the method), and kept connections end with their next answer, or
 * when their owner lets go of them.
 */
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';

const LOOK_EVERY_MS = 50;

/**
 * Stops listening and waits until the connections that others keep are gone.
 * @param graceMs At most so long; a proxy should drop what it does not use sooner than that. 0: idle connections are closed at once.
 * @param stays How many connections are not waited for, such as WebSockets; asked again and again.
 * @returns `ended` resolves when every connection has ended.
 */
export async function letGo(
  server: Server,
  graceMs: number,
  stays: () => number = () => 0,
): Promise<{ readonly ended: Promise<void> }> {
  if (graceMs === 0) return { ended: new Promise((resolve) => server.close(() => resolve())) };
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.shouldKeepAlive = false;
  });
  // Right after a turn of accepting, so that nobody stands in the queue. `http` itself would end idle connections as well.
  await new Promise((resolve) => setImmediate(resolve));
  const ended = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
  const until = Date.now() + graceMs;
  const count = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, connections) => resolve(connections)));
  while (Date.now() < until && (await count()) > stays())
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  return { ended };
}
