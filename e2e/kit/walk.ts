/**
 * One person's way through the product, from the first opening to the last thing they came for, in one browser. Every screen on
 * it is kept as a picture under e2e/artifacts/walks/<walk>/, audited, and held against what a person would stumble over: a
 * screen without a way on or back, one that scrolls sideways, words of the other language, faults behind it. Findings are
 * collected; the walk says all of them at its end.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterEach } from 'vitest';
import { appTexts } from './app-texts.ts';
import { type DrillSet, type DrillSetOptions, drillSet } from './drill-set.ts';
import type { Person } from './people.ts';
import type { Lang, Screens } from './screens.ts';

/** WeChat's browser on an Android phone. */
const WECHAT_AGENT =
  'Mozilla/5.0 (Linux; Android 14; 2312DRA50C Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Version/4.0 Chrome/126.0.6478.188 Mobile Safari/537.36 XWEB/1260117 MMWEBSDK/20240404 MMWEBID/2247 ' +
  'MicroMessenger/8.0.49.2600(0x28003133) WeChat/arm64 Weixin NetType/4G Language/zh_CN ABI/arm64';
/** Names of what leads away from a screen. */
const WAYS = /返回|关闭|取消|首页|更多直播|其他直播|知道了|完成|退出|离开|Back|Close|Cancel|Home|Done|Leave|Sign out/i;

/** What a machine without breath does to media; the media drills look at that. */
const BREATHLESS = /404 .*\/hls\/|50[34] .*\/(?:stream|media-grant|hls)\b/;

type App = keyof typeof appTexts;

export interface WalkerOptions {
  app: App;
  lang?: Lang;
  /** `wechat` is a phone whose browser is WeChat's, with its bridge. */
  device?: 'phone' | 'wechat' | 'desk';
  /** Pictures are numbered under this name; two people of one walk have different ones. */
  name: string;
}

export interface Walker extends Person, Pick<Screens, 'look'> {
  /** Waits until `there` is visible, then looks: picture, axe, language, width, a way on. Widths as in `look`. */
  see(name: string, there?: Locator, options?: SeeOptions): Promise<void>;
  /** The back gesture: it must stay in the product, and lead to where `there` is. */
  goBack(what: string, there: Locator): Promise<void>;
  /** A reload in the middle: the same place is there again. */
  reload(what: string, there: Locator): Promise<void>;
  /** A hasty finger: two taps as fast as they come. */
  tapTwice(what: Locator): Promise<void>;
  /** Something a person could not do, found by the walk itself. */
  stumbled(what: string): void;
}
export interface SeeOptions {
  /** False where a screen is left by its own end, like a count-in. */
  wayOut?: boolean;
}

export interface WalkSet extends Pick<DrillSet<App>, 'call' | 'good' | 'staffToken' | 'buyerToken' | 'product'> {
  walker(options: WalkerOptions): Promise<Walker>;
  /** Everything found so far, faults of all pages included, but for those that `expected` names. */
  stumbles(expected?: readonly RegExp[]): string[];
}

/** Where the person is now: the layer in front, or the page. Runs in the page; answers null when there is a way. */
function deadEnd(ways: string): string | null {
  const named = new RegExp(ways, 'i');
  const seen = (element: Element): boolean =>
    element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) &&
    element.getBoundingClientRect().width > 0 &&
    element.closest('[inert], [aria-hidden="true"]') === null;
  const layers = [...document.querySelectorAll('[role="dialog"], [role="alertdialog"], dialog[open]')].filter(seen);
  const layer = layers.at(-1);
  const controls = [...(layer ?? document).querySelectorAll('a[href], button')].filter(
    (control) => seen(control) && !control.matches(':disabled, [aria-disabled="true"]'),
  );
  const nameOf = (control: Element): string =>
    `${control.getAttribute('aria-label') ?? ''} ${control.textContent ?? ''} ${control.getAttribute('title') ?? ''}`;
  const leads = controls.some((control) => named.test(nameOf(control)) || control.closest('nav') !== null);
  if (leads) return null;
  return `${layer ? 'a layer' : 'a page'} without a way back; its controls: ${controls.map((one) => nameOf(one).trim()).join(' | ') || 'none'}`;
}

/** Sentences of Latin words on a Chinese screen; names of things (WebRTC, OBS) are one word. Runs in the page. */
function latinSentences(): string[] {
  const found = new Set<string>();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!parent?.checkVisibility() || parent.closest('script, style, noscript, code, [lang="en"]')) continue;
    const text = node.textContent?.trim() ?? '';
    if (!/[\u4e00-\u9fff]/.test(text) && /\b[a-z]{3,}\s+[a-z]{2,}\b/i.test(text)) found.add(text.slice(0, 80));
  }
  return [...found];
}

/** Called at the top of a walk's file, like `drillSet`. */
export function walkSet(options: Omit<DrillSetOptions<App>, 'texts' | 'folder'> & { walk: string }): WalkSet {
  const folder = `walks/${options.walk}`;
  const set = drillSet<App>({ ...options, folder, texts: appTexts });
  const walkers: { name: string; person: Person; faults: string[] }[] = [];
  const said = (): string[] => [
    ...set.findings,
    ...walkers.flatMap(({ name, person, faults }) =>
      [...person.faults, ...faults].map((fault) => `${name}: fault: ${fault}`),
    ),
  ];
  afterEach(() => {
    writeFileSync(join(import.meta.dirname, '../artifacts', folder, 'stumbles.txt'), `${said().join('\n')}\n`);
  });

  async function watchRequests(page: Page, faults: string[]): Promise<void> {
    const { origin } = set.product;
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? '';
      if (request.url().startsWith(origin) && !/ERR_ABORTED/.test(why))
        faults.push(`${request.method()} ${request.url().slice(origin.length)}: ${why}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 500) faults.push(`${response.status()} ${response.url().slice(origin.length)}`);
    });
  }

  return {
    get product() {
      return set.product;
    },
    call: set.call,
    good: set.good,
    staffToken: set.staffToken,
    buyerToken: set.buyerToken,
    stumbles: (expected = []) =>
      said().filter((line) => ![BREATHLESS, ...expected].some((pattern) => pattern.test(line))),
    async walker({ app, lang = 'zh-CN', device = 'phone', name }) {
      const width = device === 'desk' ? ('desk' as const) : ('phone' as const);
      const person = await set.person(
        lang,
        app,
        {
          ...(device === 'desk' ? { viewport: { width: 1_440, height: 900 } } : { touch: true }),
          ...(device === 'wechat' ? { userAgent: WECHAT_AGENT } : {}),
        },
        { folder, audit: 'always' },
      );
      const { page } = person;
      if (device === 'wechat')
        await person.context.addInitScript(() => {
          const bridge = { invoke: (_what: string, _with: object, then?: (said: object) => void) => then?.({}) };
          Object.assign(globalThis, { WeixinJSBridge: bridge });
          document.addEventListener('DOMContentLoaded', () => document.dispatchEvent(new Event('WeixinJSBridgeReady')));
        });
      const faults: string[] = [];
      await watchRequests(page, faults);
      walkers.push({ name, person, faults });
      const found = (where: string, what: string) => set.findings.push(`${name} ${where}: ${what}`);
      let screen = 0;

      const see: Walker['see'] = async (what, there, { wayOut = true } = {}) => {
        await there?.first().waitFor();
        screen += 1;
        const place = `${name}-${String(screen).padStart(2, '0')}-${what}`;
        await person.look(place, width);
        if (wayOut) {
          const dead = await page.evaluate(deadEnd, WAYS.source);
          if (dead) found(place, dead);
        }
        if (lang === 'zh-CN')
          for (const text of await page.evaluate(latinSentences)) found(place, `speaks English: ${text}`);
      };
      const sameProduct = (what: string): void => {
        if (!page.url().startsWith(set.product.origin)) found(what, `left the product for ${page.url()}`);
      };
      return Object.assign(person, {
        see,
        async goBack(what: string, there: Locator) {
          await page.goBack();
          sameProduct(`back: ${what}`);
          await there.first().waitFor();
        },
        async reload(what: string, there: Locator) {
          const before = page.url();
          await page.reload();
          await there.first().waitFor();
          if (new URL(page.url()).pathname !== new URL(before).pathname)
            found(`reload: ${what}`, `${before} became ${page.url()}`);
        },
        async tapTwice(what: Locator) {
          await what.dblclick();
        },
        stumbled: (what: string) => void found('stumbled', what),
      });
    },
  };
}
