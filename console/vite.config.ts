import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `vite dev` finds the api; the launcher's gateway by default. */
const gateway = process.env.WALNUT_GATEWAY ?? 'http://127.0.0.1:8080';

/** The gateway serves the console, the api and the player on one origin; the console lives under /console/. */
export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    // Desks: the browsers a store's computer and a manager's phone have today.
    target: ['es2022', 'safari16', 'chrome107'],
    cssTarget: ['safari16', 'chrome107'],
    manifest: true,
    sourcemap: false,
    // antd is one large part that changes with its version only; pages load the rest as they are opened.
    chunkSizeWarningLimit: 1_400,
    assetsInlineLimit: 0,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/api', '/pictures', '/r/', '/s/'].map((path) => [path, { target: gateway, changeOrigin: false }]),
    ),
  },
});
