import { defineConfig } from 'vite';
import { EMBED_FILE } from '../scripts/setup/apps.ts';
import { lean } from '../scripts/setup/lean-build.ts';

/** `/embed/v1/walnut-live.js`: one classic script with everything in it, for pages without a build. */
export default defineConfig({
  plugins: lean(),
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: 'dist',
    // The same browsers as the player's.
    target: ['es2022', 'safari15.4', 'chrome97'],
    sourcemap: false,
    reportCompressedSize: false,
    lib: { entry: 'src/embed/script.ts', formats: ['iife'], name: 'WalnutLiveScript', fileName: () => EMBED_FILE },
  },
});
