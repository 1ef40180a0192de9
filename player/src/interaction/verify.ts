/**
 * A draw worked out again in the browser, from what is published about it and nothing else; docs/11-draws.md is the recipe.
 * Needs a secure page (WebCrypto).
 */
import type { Draw } from '@walnut-live/contracts';

export type Check = 'commitment' | 'sorted' | 'list' | 'winners';
export type Verdict = { ok: boolean; checks: Record<Check, boolean> };

/** Scores computed between two breaths of the page. */
const AT_ONCE = 500;

const toHex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const fromHex = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));
const sha256 = async (data: Uint8Array<ArrayBuffer>): Promise<string> =>
  toHex(await crypto.subtle.digest('SHA-256', data));

/** `ids`: the list as published. Rejects when the draw is not closed. */
export const verifyDraw = async (draw: Draw, ids: readonly string[]): Promise<Verdict> => {
  if (draw.seed === null) throw new Error('not drawn yet');
  const seed = fromHex(draw.seed);
  const listHash = await sha256(utf8(ids.join('\n')));
  const key = await crypto.subtle.importKey('raw', seed, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const scored: { id: string; score: string }[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const scores = ids.slice(from, from + AT_ONCE).map(async (id) => ({
      id,
      score: toHex(await crypto.subtle.sign('HMAC', key, utf8(`${draw.id}|${listHash}|${id}`))),
    }));
    scored.push(...(await Promise.all(scores)));
  }
  scored.sort((a, b) => (a.score < b.score ? -1 : 1));
  const places = [...draw.prizes]
    .sort((a, b) => a.no - b.no)
    .flatMap(({ no, count }) => Array.from({ length: count }, () => no));
  const winners = scored.slice(0, places.length).map(({ id }, index) => `${index + 1} ${places[index]} ${id}`);
  const checks = {
    commitment: (await sha256(seed)) === draw.commitment,
    sorted: ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id),
    list: listHash === draw.listHash && ids.length === draw.entries,
    winners: winners.join() === draw.winners.map((w) => `${w.rank} ${w.prizeNo} ${w.publicId}`).join(),
  };
  return { ok: Object.values(checks).every(Boolean), checks };
};
