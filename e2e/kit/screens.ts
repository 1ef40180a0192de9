/**
 * Looks at one screen as it stands: keeps a picture and says, in words, what a person would stumble over. Findings are
 * collected, not thrown, so that one run tells everything.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';
import { compareWithKept, isKeeping } from './kept-pictures.ts';
import { still } from './still-screen.ts';

const ARTIFACTS = join(import.meta.dirname, '../artifacts/screens');
const SIZES = {
  phone: { width: 390, height: 844 },
  tablet: { width: 768, height: 1024 },
  desk: { width: 1440, height: 900 },
};
/** Movement that has an end gets this long to reach it. */
const SETTLE_MS = 3_000;
const IMPACTS = new Set<string | null | undefined>(['serious', 'critical']);

/**
 * axe takes about half the time and finds the same in both languages but for what a width or a word changes: by default it
 * looks at phone and tablet in Chinese and at the desk in English. SCREENS=all: everywhere.
 */
const isAudited = (lang: Lang, width: Width): boolean =>
  process.env.SCREENS === 'all' || (width === 'desk') === (lang === 'en');

/** Pictures are kept of all sizes in Chinese, and in English, where words are longest, of the desk. */
const isKept = (lang: Lang, width: Width): boolean => lang === 'zh-CN' || width === 'desk';

export type Lang = 'zh-CN' | 'en';
export type Width = keyof typeof SIZES;
type Messages = Readonly<Record<string, string>>;
export interface AppTexts {
  zh: Messages;
  en: Messages;
}
type World = { axe: { run(options: object): Promise<AxeResults> } };

/** Every page of the context can then be audited; the browser adds the script, so the product's CSP stays in force. */
export async function teachAudit(context: BrowserContext): Promise<void> {
  const path = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await context.addInitScript({ content: readFileSync(path, 'utf8') });
}

/**
 * Changes the size of the window, as by turning a tablet; the page is not loaded again. What it shows instead of its other
 * form is there afterwards: a tap on what is being replaced would go nowhere.
 */
export async function resize(page: Page, width: Width): Promise<void> {
  await page.setViewportSize(SIZES[width]);
  await settle(page);
}

/** Until fonts and pictures in sight are there and movement has ended, or it is clear that it will not. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async (settleMs) => {
    const frame = () => new Promise((next) => requestAnimationFrame(next));
    const until = performance.now() + settleMs;
    const moves = () =>
      document.getAnimations().some((animation) => {
        const { iterations = 1 } = animation.effect?.getTiming() ?? {};
        return iterations !== Number.POSITIVE_INFINITY && animation.playState === 'running';
      });
    const loading = () =>
      [...document.images].some((image) => !image.complete && image.getBoundingClientRect().top < innerHeight);
    await document.fonts.ready;
    for (let quiet = 0; quiet < 3 && performance.now() < until; ) {
      await frame();
      quiet = moves() || loading() ? 0 : quiet + 1;
    }
  }, SETTLE_MS);
}

/** What is on the page besides its looks: runs in the page. */
function readPage() {
  const texts = new Set<string>();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const own = parent?.closest('[lang]')?.getAttribute('lang');
    if (!parent || parent.closest('script, style, noscript')) continue;
    if (own && own !== document.documentElement.lang) continue; // says its own language, like a language switch
    texts.add(node.textContent?.trim() ?? '');
  }
  for (const element of document.body.querySelectorAll('[aria-label], [placeholder], [title], [alt]')) {
    for (const name of ['aria-label', 'placeholder', 'title', 'alt'])
      texts.add(element.getAttribute(name)?.trim() ?? '');
  }
  texts.delete('');
  const { scrollWidth, lang } = document.documentElement;
  const inViewport = innerWidth;
  const tooWide =
    scrollWidth <= inViewport
      ? []
      : [...document.body.querySelectorAll('*')]
          .filter((element) => element.getBoundingClientRect().right > inViewport + 1)
          .slice(0, 4)
          .map((element) => `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`);
  return { texts: [...texts], lang, scrollWidth, innerWidth: inViewport, tooWide, title: document.title };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Texts of the other language that this app would have had in this one. Messages of nothing but a value say nothing. */
function foreignTexts({ zh, en }: AppTexts, lang: Lang): RegExp[] {
  const [own, other] = lang === 'en' ? [en, zh] : [zh, en];
  const ownTexts = new Set(Object.values(own));
  return Object.values(other)
    .filter((text) => !ownTexts.has(text))
    .filter((text) => (lang === 'en' ? /[\u4e00-\u9fff]{2}/ : /[a-z]{3}/i).test(text.replace(/\{\w+\}/g, '')))
    .map(
      (text) =>
        new RegExp(
          `^${text
            .split(/\{\w+\}/)
            .map(escaped)
            .join('.+')
            .replace(/\\\[(.*?)\\\|(.*?)\\\]/g, '(?:$1|$2)')}$`,
        ),
    );
}

export interface Screens {
  /** Looks at the present screen in the sizes named, the last one staying. */
  look(name: string, ...widths: Width[]): Promise<void>;
}

export interface ScreensOptions {
  page: Page;
  lang: Lang;
  app: AppTexts;
  /** Where findings go, one line each. */
  findings: string[];
  /** Where pictures go, under e2e/artifacts; otherwise a folder for each language and width. */
  folder?: string;
  /** Has axe look in whatever language and width. */
  audit?: 'always';
  /** Also on a tablet, and held against the pictures that are kept (kept-pictures.ts). */
  kept?: boolean;
}

export function watchScreens({ page, lang, app, findings, folder: own, audit, kept = false }: ScreensOptions): Screens {
  const usual: readonly Width[] = kept ? ['desk', 'tablet', 'phone'] : ['desk', 'phone'];
  const foreign = foreignTexts(app, lang);
  const keys = new Set([...Object.keys(app.zh)].filter((key) => key.includes('.')));

  async function lookAt(name: string, width: Width): Promise<void> {
    const size = SIZES[width];
    await resize(page, width);
    await page.mouse.move(0, 0); // nothing is to look as if it was pointed at
    await settle(page);
    const folder = own ? join(ARTIFACTS, '..', own) : join(ARTIFACTS, `${lang}-${size.width}`);
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`) });
    const found = (what: string) => findings.push(`${lang} ${size.width} ${name}: ${what}`);
    if (kept && isKept(lang, width)) {
      const differs = await compareWithKept(`${lang}-${size.width}/${name}`, await still(page));
      if (differs) found(differs);
    }

    const seen = await page.evaluate(readPage);
    if (seen.scrollWidth > seen.innerWidth) {
      found(`is ${seen.scrollWidth - seen.innerWidth} px too wide: ${seen.tooWide.join(', ')}`);
    }
    if (seen.lang !== lang) found(`<html lang="${seen.lang}">`);
    for (const text of [...seen.texts, seen.title]) {
      if (text.split(/\s+/).some((word) => keys.has(word))) found(`shows a message key: ${text}`);
      if (/\{\w+\}|\bundefined\b|\bNaN\b|\[object /.test(text)) found(`shows an unfilled text: ${text}`);
      if (foreign.some((pattern) => pattern.test(text))) found(`is not translated: ${text}`);
    }

    if (isKeeping || (audit !== 'always' && !isAudited(lang, width))) return;
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as World).axe.run({ resultTypes: ['violations'] }),
    );
    for (const { id, impact, nodes } of violations.filter((violation) => IMPACTS.has(violation.impact))) {
      const places = nodes.slice(0, 5).map(({ target, any }) => {
        const why = any[0]?.message ? ` (${any[0].message.replace(/^.*?contrast of/, 'contrast of')})` : '';
        return `\n      ${target.join(' ')}${why}`;
      });
      found(`axe ${id} (${impact}), ${nodes.length} ×${places.join('')}`);
    }
  }

  return {
    async look(name, ...widths) {
      for (const width of widths.length > 0 ? widths : usual) await lookAt(name, width);
    },
  };
}
