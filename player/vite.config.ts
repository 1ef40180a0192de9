import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `vite dev` finds api and media-server; the launcher's gateway by default. */
const gateway = process.env.WALNUT_GATEWAY ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    // WeChat's web views on phones that are still in use: Safari 15.4 and Chromium 97.
    target: ['es2022', 'safari15.4', 'chrome97'],
    cssTarget: ['safari15.4', 'chrome97'],
    manifest: true,
    sourcemap: false,
    // The page's CSP allows data: pictures nowhere.
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
