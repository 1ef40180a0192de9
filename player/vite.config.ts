import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { earlyScript } from '../scripts/setup/early-script.ts';
import { lean } from '../scripts/setup/lean-build.ts';

/** Where `vite dev` finds api and media-server; the launcher's gateway by default. */
const gateway = process.env.WALNUT_GATEWAY ?? 'http://127.0.0.1:8080';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: '/',
  plugins: [...lean(), react(), earlyScript('head-start')],
  build: {
    outDir: 'dist',
    // WeChat's web views on phones that are still in use: Safari 15.4 and Chromium 97.
    target: ['es2022', 'safari15.4', 'chrome97'],
    cssTarget: ['safari15.4', 'chrome97'],
    rolldownOptions: {
      input: { index: at('index.html'), 'head-start': at('src/head-start.ts') },
      // What a page needs before it shows anything comes as one file: dozens of a kilobyte each, as pages happen to share them,
      // would be waited for six by six.
      output: {
        codeSplitting: {
          groups: [
            { name: 'head-start', test: /head-start\.ts$/, priority: 2 },
            { name: 'first', tags: ['$initial'], priority: 1 },
          ],
        },
      },
    },
    manifest: true,
    sourcemap: false,
    // One file per picture, so that the page's CSP needs no exception for data: URLs.
    assetsInlineLimit: 0,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/api', '/s/', '/pictures', '/socket.io', '/media', '/hls', '/replay'].map((path) => [
        path,
        { target: gateway, ws: true, changeOrigin: false },
      ]),
    ),
  },
});
