/** A Vite plugin: a script of a page that runs as soon as it is there, while the page's main file is still on its way. */
import type { Plugin } from 'vite';

/** @param entry its name among `rolldownOptions.input`; the page's main script may import from it, which runs it no second time. */
export const earlyScript = (entry: string): Plugin => ({
  name: 'walnut:early-script',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(_html, { bundle }) {
      const chunk = Object.values(bundle ?? {}).find(
        (one) => one.type === 'chunk' && one.isEntry && one.name === entry,
      );
      if (!chunk) throw new Error(`no entry ${entry}`);
      // First, on the connection that is open already: it is small.
      const attrs = { type: 'module', async: true, crossorigin: true, src: `/${chunk.fileName}` };
      return [{ tag: 'script', attrs, injectTo: 'head-prepend' }];
    },
  },
});
