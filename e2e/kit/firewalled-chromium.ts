/**
 * A Chromium in a network of its own, from which exactly one TCP port of this machine can be reached: the strictest firewall
 * there is. The kernel keeps the rest away: the browser runs in a network namespace without a route to us, and a gate
 * (one-port-gate.ts) carries that port through a socket file.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { waitUntil } from '../../scripts/processes.ts';
import { chromiumPath, launchChromium } from './chromium.ts';
import type { Road } from './slow-road.ts';

const GATE_TIMEOUT_MS = 20_000;
/**
 * A network card that leads nowhere: with loopback alone the browser would believe to be offline. Both its ends are inside.
 * 192.0.2.0/24 is reserved for documentation. An address that came a second later by itself (IPv6) would be a changed network,
 * by which Chromium breaks off what it is loading.
 */
const NETWORK = `
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up &&
ip link add name card type veth peer name wall &&
ip link set card addrgenmode none && ip link set wall addrgenmode none &&
ip addr add 192.0.2.2/24 dev card && ip link set card up && ip link set wall up`;

const namespace = (): string[] =>
  process.getuid?.() === 0 ? ['unshare', '--net'] : ['unshare', '--user', '--map-root-user', '--net'];

/** Why this machine cannot make such a network; undefined when it can. */
export function whyNoFirewall(): string | undefined {
  const [command = '', ...args] = [...namespace(), 'sh', '-c', NETWORK];
  const tried = spawnSync(command, args, { encoding: 'utf8' });
  if (tried.status === 0) return undefined;
  return `no network namespace with a card: ${(tried.error?.message ?? tried.stderr).trim().split('\n')[0]}`;
}

export interface FirewalledChromium extends AsyncDisposable {
  readonly browser: Browser;
}

/**
 * @param port the TCP port of 127.0.0.1 that can be reached from inside, under the same address
 * @param road what the connections go over; without one as fast as the machine is
 * @param extraArgs of Chromium
 */
export async function launchFirewalledChromium(
  port: number,
  road?: Road,
  extraArgs: string[] = [],
): Promise<FirewalledChromium> {
  const dir = await mkdtemp(join(tmpdir(), 'walnut-live-firewall-'));
  const wayOut = join(dir, 'way-out');
  const readyFile = join(dir, 'ready');
  const wrapper = join(dir, 'chromium');
  const open = new Set<Socket>();

  const server = createServer((inside) => {
    const outside = connect(port, '127.0.0.1');
    for (const socket of [inside, outside]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        inside.destroy();
        outside.destroy();
      });
    }
    if (road) road.join(inside, outside);
    else inside.pipe(outside).pipe(inside);
  });
  await new Promise<void>((resolve) => server.listen(wayOut, resolve));

  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');
  const gate = [process.execPath, join(import.meta.dirname, 'one-port-gate.ts'), String(port), wayOut, readyFile];
  // Playwright speaks through the descriptors 3 and 4; the gate must not hold them open.
  const inside = `${NETWORK.trim()} || exit 1
setpriv --pdeathsig KILL -- ${quoted(gate)} 3<&- 4>&- </dev/null &
exec '${chromiumPath()}' "$@"`;
  await writeFile(join(dir, 'inside.sh'), inside);
  await writeFile(wrapper, `#!/bin/sh\nexec ${quoted(namespace())} sh '${join(dir, 'inside.sh')}' "$@"\n`, {
    mode: 0o755,
  });

  async function close(browser?: Browser): Promise<void> {
    await browser?.close();
    for (const socket of open) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(dir, { recursive: true, force: true });
  }

  let browser: Browser | undefined;
  try {
    browser = await launchChromium({ executablePath: wrapper, extraArgs });
    await waitUntil('the gate through the firewall is open', GATE_TIMEOUT_MS, () => existsSync(readyFile));
  } catch (error) {
    await close(browser);
    throw error;
  }
  const launched = browser;
  return { browser: launched, [Symbol.asyncDispose]: () => close(launched) };
}
