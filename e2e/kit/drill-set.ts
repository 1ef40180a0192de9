/**
 * What most drills begin with: the product, one browser, people in it whose screens are looked at, and calls of the api for what no
 * screen is about. Called at the top of a drill's file; it registers the hooks that start and end all of it, and keeps a picture of
 * everybody's screen when a test failed.
 */
import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type ChromiumOptions, launchChromium } from './chromium.ts';
import { newPerson, type Person, type PersonOptions } from './people.ts';
import { startTestProduct, type TestProduct } from './product.ts';
import { type AppTexts, type Lang, type Screens, type ScreensOptions, teachAudit, watchScreens } from './screens.ts';

const DESK = { width: 1_440, height: 900 };

export interface DrillSetOptions<App extends string> {
  /** Under e2e/artifacts. */
  readonly folder: string;
  readonly texts: Readonly<Record<App, AppTexts>>;
  /** Apps whose people sit at a desk; the others hold a phone. */
  readonly atDesk?: readonly NoInfer<App>[];
  /** How long one step of a person may take, where the usual is too short. */
  readonly stepTimeoutMs?: number;
  readonly chromium?: ChromiumOptions;
  /** Before the product starts: what it is started with. */
  readonly begin?: () => Promise<Parameters<typeof startTestProduct>[0]>;
  /** After it has ended. */
  readonly end?: () => Promise<void>;
}

export interface Said {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers
  readonly body: any;
}

export interface DrillSet<App extends string> {
  /** There once the first test begins. */
  readonly product: TestProduct;
  /** Who came so far. */
  readonly people: readonly Person[];
  /** What was seen on screens that should not be there, one line each. */
  readonly findings: string[];
  person(
    lang: Lang,
    app: App,
    as?: Partial<Pick<PersonOptions, 'userAgent' | 'touch' | 'viewport'>>,
    how?: Pick<ScreensOptions, 'folder' | 'audit'>,
  ): Promise<Person & Screens>;
  call(token: string | null, method: string, path: string, body?: object): Promise<Said>;
  /** The body of an answer that is no refusal. */
  good(token: string | null, method: string, path: string, body?: object): Promise<Said['body']>;
  staffToken(username: string): Promise<string>;
  buyerToken(phone: string, name: string): Promise<string>;
}

export function drillSet<const App extends string>(options: DrillSetOptions<App>): DrillSet<App> {
  let product: TestProduct | undefined;
  let browser: Browser | undefined;
  const people: Person[] = [];
  const findings: string[] = [];

  beforeAll(async () => {
    const given = await options.begin?.();
    const starting = startTestProduct(given).then((started) => {
      product = started;
    });
    const launching = launchChromium(options.chromium).then((launched) => {
      browser = launched;
    });
    await Promise.all([starting, launching]);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    for (const [at, one] of people.entries()) await one.shot(`failed-${at}`);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
    await options.end?.();
  });

  const running = (): TestProduct => {
    if (!product) throw new Error('the product is started by the hooks of the drill');
    return product;
  };

  async function call(token: string | null, method: string, path: string, body?: object): Promise<Said> {
    const response = await fetch(`${running().origin}/api/v1${path}`, {
      method,
      headers: {
        'idempotency-key': randomUUID(),
        'x-walnut-client': 'drill',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }
  async function good(...asked: Parameters<typeof call>): Promise<Said['body']> {
    const { status, body } = await call(...asked);
    if (status >= 300) throw new Error(`${asked[1]} ${asked[2]} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  return {
    get product() {
      return running();
    },
    people,
    findings,
    async person(lang, app, as = {}, how = {}) {
      if (!browser) throw new Error('the browser is started by the hooks of the drill');
      const one = await newPerson(browser, {
        folder: options.folder,
        locale: lang === 'en' ? 'en-US' : 'zh-CN',
        ...(options.atDesk?.includes(app) ? { viewport: DESK } : {}),
        ...as,
      });
      people.push(one);
      await teachAudit(one.context);
      await one.page.emulateMedia({ reducedMotion: 'reduce' });
      if (options.stepTimeoutMs !== undefined) one.page.setDefaultTimeout(options.stepTimeoutMs);
      return Object.assign(one, watchScreens({ page: one.page, lang, app: options.texts[app], findings, ...how }));
    },
    call,
    good,
    staffToken: async (username) =>
      (await good(null, 'POST', '/auth/staff', { username, password: running().demoPassword })).accessToken,
    buyerToken: async (phone, name) => (await good(null, 'POST', '/auth/sandbox', { phone, name })).accessToken,
  };
}
