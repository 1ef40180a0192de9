/**
 * A picture of a screen in which nothing is left that is another one each time: figures of clocks and counts, pictures that move,
 * random codes. What is taken away is put back at once.
 */
import type { Page } from 'playwright-core';

/** Pictures that move, and codes made of what is random: not seen, what lies over them is. */
const MOVING = 'video, canvas, .wl-qr';

/** Every figure becomes a nought, and words that tell how long ago something was become the same. Runs in the page. */
function quieten(moving: string): void {
  const AGO =
    /刚刚|\d+\s*(?:秒|分钟|小时|天)[前后]?|just now|\b(?:in )?\d+ ?(?:s|sec|seconds?|min|minutes?|h|hours?|d|days?)(?: ago)?\b/gi;
  /** Keys, tokens, ids. */
  const RANDOM = /(?=[\w-]*\d)[\w-]{12,}/g;
  const store = globalThis as unknown as { quiet?: [Text, string, string][]; hidden?: HTMLElement[] };
  store.quiet = [];
  store.hidden = [...document.querySelectorAll<HTMLElement>(moving)];
  for (const element of store.hidden) element.style.setProperty('visibility', 'hidden', 'important');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode() as Text | null; node; node = walker.nextNode() as Text | null) {
    const was = node.data;
    const now = was
      .replace(RANDOM, (word) => 'x'.repeat(word.length))
      .replace(AGO, '0 min')
      .replace(/\d+/g, (figures) => '0'.repeat(Math.min(figures.length, 3)));
    if (now === was) continue;
    node.data = now;
    store.quiet.push([node, was, now]);
  }
}
/** Texts that the page has changed meanwhile stay as they are now. */
function wake(): void {
  const store = globalThis as unknown as { quiet?: [Text, string, string][]; hidden?: HTMLElement[] };
  for (const element of store.hidden ?? []) element.style.removeProperty('visibility');
  for (const [node, was, now] of store.quiet ?? []) if (node.data === now) node.data = was;
  delete store.quiet;
  delete store.hidden;
}

export async function still(page: Page): Promise<Buffer> {
  await page.evaluate(quieten, MOVING);
  try {
    return await page.screenshot({ animations: 'disabled', caret: 'hide' });
  } finally {
    await page.evaluate(wake);
  }
}
