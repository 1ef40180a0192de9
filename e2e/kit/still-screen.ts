/**
 * A picture of a screen in which nothing is left that is another one each time: figures of clocks and counts, pictures that move,
 * random codes. What is taken away is put back at once.
 */
import type { Page } from 'playwright-core';

/** Pictures that move, and codes made of what is random: not seen, what lies over them is. */
const MOVING = 'video, canvas, .wl-qr';

interface Quiet {
  /** Each text, what it said and what it says instead. */
  readonly texts: Map<Text, { was: string; now: string }>;
  readonly hidden: HTMLElement[];
  readonly watch: MutationObserver;
}
type World = { quiet?: Quiet };

/** Figures become noughts, and words for how long ago something was the same; also of what ticks on. Runs in the page. */
function quieten(moving: string): void {
  const AGO =
    /刚刚|\d+\s*(?:秒|分钟|小时|天)[前后]?|just now|\b(?:in )?\d+ ?(?:s|sec|seconds?|min|minutes?|h|hours?|d|days?)(?: ago)?\b/gi;
  /** Keys, tokens, ids. */
  const RANDOM = /(?=[\w-]*\d)[\w-]{12,}/g;
  const texts: Quiet['texts'] = new Map();
  const quietenText = (node: Text): void => {
    const was = node.data;
    if (texts.get(node)?.now === was) return;
    const now = was
      .replace(RANDOM, (word) => 'x'.repeat(word.length))
      .replace(AGO, '0 min')
      .replace(/\d+/g, (figures) => '0'.repeat(Math.min(figures.length, 3)));
    if (now === was) return;
    texts.set(node, { was, now });
    node.data = now;
  };
  const quietenBelow = (root: Node): void => {
    if (root instanceof Text) quietenText(root);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) quietenText(node as Text);
  };
  const hidden = [...document.querySelectorAll<HTMLElement>(moving)];
  for (const element of hidden) element.style.setProperty('visibility', 'hidden', 'important');
  quietenBelow(document.body);
  // Before the next frame is painted.
  const watch = new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) for (const node of [target, ...addedNodes]) quietenBelow(node);
  });
  watch.observe(document.body, { subtree: true, childList: true, characterData: true });
  (globalThis as unknown as World).quiet = { texts, hidden, watch };
}

function wake(): void {
  const world = globalThis as unknown as World;
  world.quiet?.watch.disconnect();
  for (const element of world.quiet?.hidden ?? []) element.style.removeProperty('visibility');
  for (const [node, { was, now }] of world.quiet?.texts ?? []) if (node.data === now) node.data = was;
  delete world.quiet;
}

export async function still(page: Page): Promise<Buffer> {
  await page.evaluate(quieten, MOVING);
  try {
    return await page.screenshot({ animations: 'disabled', caret: 'hide' });
  } finally {
    await page.evaluate(wake);
  }
}
