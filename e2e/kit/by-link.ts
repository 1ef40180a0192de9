/** Customers who come by somebody's share link, without a browser: the first touch and the sign-in are one person's. */
import { expect } from 'vitest';

const PHONE_AGENT = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile';

/** Opens links one after the other on one phone, then says who they are; answers their token. */
export async function comesByLinks(
  origin: string,
  paths: readonly string[],
  { phone, name }: { phone: string; name: string },
): Promise<string> {
  let cookie = '';
  for (const path of paths) {
    const headers = { 'user-agent': PHONE_AGENT, ...(cookie ? { cookie } : {}) };
    const opened = await fetch(`${origin}${path}`, { redirect: 'manual', headers });
    expect(opened.status).toBe(302);
    const set = opened.headers.getSetCookie().find((one) => one.startsWith('wl_visitor='));
    cookie = set?.split(';')[0] ?? cookie;
  }
  const signedIn = await fetch(`${origin}/api/v1/auth/sandbox`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json', 'x-walnut-client': 'drill', 'user-agent': PHONE_AGENT },
    body: JSON.stringify({ phone, name }),
  });
  expect(signedIn.status).toBe(200);
  return ((await signedIn.json()) as { accessToken: string }).accessToken;
}
