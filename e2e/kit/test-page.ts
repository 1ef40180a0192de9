/** Serves one bundled browser script on an empty page, for tests that need a real page but no app. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build, type Rollup } from 'vite';

export interface TestPage {
  url: string;
  close(): Promise<void>;
}

/** Bundles `entry` (TypeScript, imports allowed) and serves it on 127.0.0.1. */
export async function serveTestPage(entry: string): Promise<TestPage> {
  const files = await bundle(entry);
  const html =
    '<!doctype html><meta charset="utf-8"><title>test</title><body><script type="module" src="/main.js"></script>';
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1).split('?')[0] ?? '';
    const code = files.get(name);
    response.setHeader('content-type', code === undefined ? 'text/html' : 'text/javascript');
    response.end(code ?? html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bundle(entry: string): Promise<Map<string, string>> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      modulePreload: false,
      rollupOptions: { input: { main: entry }, output: { entryFileNames: 'main.js' } },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]) as Rollup.RollupOutput[];
  const chunks = outputs.flatMap(({ output }) => output).filter((item) => item.type === 'chunk');
  return new Map(chunks.map((chunk) => [chunk.fileName, chunk.code]));
}
