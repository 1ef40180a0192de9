import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The gateway serves the studio, the api and the media server on one origin; the studio lives under /studio/. */
export default defineConfig({
  base: '/studio/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    target: ['es2022', 'safari15.4', 'chrome97'],
    cssTarget: ['safari15.4', 'chrome97'],
    manifest: true,
    sourcemap: false,
    // The page's CSP allows data: pictures nowhere.
    assetsInlineLimit: 0,
  },
});
