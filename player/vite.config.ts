import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { lean } from '../scripts/setup/lean-build.ts';

/** Where `vite dev` finds api and media-server; the launcher's gateway by default. */
const gateway = process.env.WALNUT_GATEWAY ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/',
  plugins: [...lean(), react()],
  build: {
    outDir: 'dist',
    // WeChat's web views on phones that are still in use: Safari 15.4 and Chromium 97.
    target: ['es2022', 'safari15.4', 'chrome97'],
    cssTarget: ['safari15.4', 'chrome97'],
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
