/** `./live start` and `./live dev`: make ready, run, say where to look, and end cleanly. */
import { ensureDemoProgramme } from '../demo-feed/programme.ts';
import { prepare } from '../setup/prepare.ts';
import { bold, dim, green, say, step, yellow } from '../setup/say.ts';
import { parseRunOptions } from './options.ts';
import { type Product, startProduct } from './product.ts';

export async function start(args: readonly string[], { dev = false } = {}): Promise<void> {
  const startedAt = performance.now();
  const options = parseRunOptions(args);
  const prepared = await prepare({ apps: !dev });
  const demoProgramme = options.demo ? await ensureDemoProgramme(prepared.ffmpegBin) : undefined;

  // From here on a signal must end what runs, also while it is still starting.
  let product: Product | undefined;
  let wantsToStop: NodeJS.Signals | undefined;
  let stopNow: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stopNow = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      wantsToStop ??= signal;
      stopNow();
    });
  }

  product = await step(`starting on the data in ${options.dataDir}`, () =>
    startProduct({
      dataDir: options.dataDir,
      prepared,
      lan: options.lan,
      dev,
      ...(options.port === undefined ? {} : { port: options.port }),
      ...(demoProgramme ? { demoProgramme } : {}),
      notice: (line) => say(`${yellow('!')} ${line}`),
    }),
  );
  if (wantsToStop === undefined) {
    await announce(product, options.lan, (performance.now() - startedAt) / 1000);
    await stopped;
  }
  say();
  const running = product;
  await step('stopping', () => running.stop());
  say(`Stopped. The data is kept in ${options.dataDir}. Next: ./live start`);
}

async function announce(product: Product, lan: boolean, tookSeconds: number): Promise<void> {
  const { origin, seed, demoPassword } = product;
  const link = (path: string) => bold(`${origin}${path}`);
  say();
  say(`${green('●')} ${bold('Walnut Live runs')} ${dim(`(started in ${tookSeconds.toFixed(1)} s)`)}`);
  say();
  say(`  Watch and buy     ${link(`/r/${seed.demoRoom.id}`)}   ${seed.demoRoom.title}`);
  for (const { label, path } of seed.consumerLinks) say(`                    ${link(path)}   ${label}`);
  say(`  Go live (guides)  ${link('/studio/')}`);
  say(`  Headquarters      ${link('/console/')}`);
  say(`  API               ${link('/docs')}`);
  say();
  say(`  Sign-ins, password of all: ${bold(demoPassword)}`);
  const width = Math.max(...seed.accounts.map(({ username }) => username.length));
  for (const { username, role, name } of seed.accounts)
    say(`    ${username.padEnd(width)}  ${dim(`${role}, ${name}`)}`);
  say();
  if (lan) await announceLan(`${origin}/r/${seed.demoRoom.id}`);
  say(`  Stop with Ctrl-C, or from elsewhere with ./live stop. The pages are at ${origin}`);
}

async function announceLan(url: string): Promise<void> {
  const { toString: draw } = await import('qrcode');
  say(await draw(url, { type: 'terminal', small: true }));
  say(
    '  Scan it with a phone in the same network. The certificate was made on this machine, so the browser warns once.',
  );
  say();
}
