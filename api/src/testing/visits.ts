/** A browser that follows share links: keeps its visitor cookie like a real one. */
import { createShareLink } from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { TestApi } from './test-api.ts';

const PHONE_AGENT =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.50 Mobile';

export interface TestBrowser {
  /** Opens a path of the api's origin without following redirects. */
  open(path: string, init?: { method?: string; headers?: Record<string, string> }): Promise<Response>;
  cookie(): string | undefined;
}
export async function makeBrowser(api: TestApi, person?: Principal): Promise<TestBrowser> {
  let cookie = person ? `wl_visitor=${await api.api.platform.tokens.visitor(person.personId)}` : undefined;
  return {
    async open(path, init = {}) {
      const response = await fetch(`${api.url}${path}`, {
        method: init.method ?? 'GET',
        redirect: 'manual',
        headers: { 'user-agent': PHONE_AGENT, ...(cookie ? { cookie } : {}), ...init.headers },
      });
      const set = response.headers.getSetCookie().find((one) => one.startsWith('wl_visitor='));
      if (set) cookie = set.split(';')[0];
      return response;
    },
    cookie: () => cookie,
  };
}

/** `visitor` opens `sharer`'s link to the room, over HTTP. */
export async function visit(
  api: TestApi,
  sharer: Principal,
  visitor: Principal | TestBrowser,
  roomId: string,
  productId?: string,
): Promise<Response> {
  const link = await api.ok(createShareLink, {
    as: sharer,
    body: { roomId, ...(productId === undefined ? {} : { productId }) },
  });
  const browser = 'open' in visitor ? visitor : await makeBrowser(api, visitor);
  return browser.open(link.path);
}
