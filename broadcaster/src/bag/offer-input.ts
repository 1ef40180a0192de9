/** Pure reading of what a guide typed into the offer form. Money never becomes a float (rule M1). */

/** `'39.9'` → 3990; null when it is not a price of one fen to ten million yuan with at most two decimals. */
export const parseYuan = (text: string): number | null => {
  const match = /^(\d{1,8})(?:[.．](\d{1,2}))?$/.exec(text.trim().replace(/[,，\s¥￥]/g, ''));
  if (!match) return null;
  const fen = Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
  return fen >= 1 && fen <= 1_000_000_000 ? fen : null;
};

export type OfferInput = { price: string; shelfFen: number; cap: string };
export type OfferProblem = 'price.invalid' | 'price.notLower' | 'cap.invalid';
export type ReadOffer = { ok: true; priceFen: number; cap: number | null } | { ok: false; problem: OfferProblem };

export const readOffer = ({ price, shelfFen, cap }: OfferInput): ReadOffer => {
  const priceFen = parseYuan(price);
  if (priceFen === null) return { ok: false, problem: 'price.invalid' };
  if (priceFen >= shelfFen) return { ok: false, problem: 'price.notLower' };
  const trimmed = cap.trim();
  if (trimmed === '') return { ok: true, priceFen, cap: null };
  if (!/^[1-9]\d{0,5}$/.test(trimmed)) return { ok: false, problem: 'cap.invalid' };
  return { ok: true, priceFen, cap: Number(trimmed) };
};

export type StairDraft = { key: string; from: string; price: string };
export type GiftDraft = { skuId: string; per: string; cap: string };
export type ExtrasProblem =
  | 'stair.invalid'
  | 'stair.notAscending'
  | 'stair.notFalling'
  | 'stair.aboveLimit'
  | 'gift.none'
  | 'gift.per'
  | 'gift.cap';
export type OfferExtras = {
  stairs: { fromQuantity: number; priceFen: number }[];
  gift: { skuId: string; per: number; cap: number } | null;
};
const LARGEST_STAIR = 999;

const wholeNumber = (text: string, max: number): number | null => {
  const value = /^[1-9]\d{0,6}$/.test(text.trim()) ? Number(text.trim()) : 0;
  return value >= 1 && value <= max ? value : null;
};

/** Stairs ascend in pieces and fall in price; the first problem is told with the number of its step, from 0. */
export const readExtras = (input: {
  priceFen: number;
  limit: number;
  stairs: readonly StairDraft[];
  gift: GiftDraft | null;
}): { ok: true; extras: OfferExtras } | { ok: false; problem: ExtrasProblem; at: number } => {
  const stairs: OfferExtras['stairs'] = [];
  let before = { fromQuantity: 1, priceFen: input.priceFen };
  for (const [at, draft] of input.stairs.entries()) {
    const fromQuantity = wholeNumber(draft.from, LARGEST_STAIR);
    const priceFen = parseYuan(draft.price);
    const no = (problem: ExtrasProblem) => ({ ok: false, problem, at }) as const;
    if (fromQuantity === null || priceFen === null) return no('stair.invalid');
    if (fromQuantity <= before.fromQuantity) return no('stair.notAscending');
    if (priceFen >= before.priceFen) return no('stair.notFalling');
    if (input.limit > 0 && fromQuantity > input.limit) return no('stair.aboveLimit');
    before = { fromQuantity, priceFen };
    stairs.push(before);
  }
  if (!input.gift) return { ok: true, extras: { stairs, gift: null } };
  const per = wholeNumber(input.gift.per, LARGEST_STAIR);
  const cap = wholeNumber(input.gift.cap, 1_000_000);
  if (input.gift.skuId === '') return { ok: false, problem: 'gift.none', at: 0 };
  if (per === null) return { ok: false, problem: 'gift.per', at: 0 };
  if (cap === null) return { ok: false, problem: 'gift.cap', at: 0 };
  return { ok: true, extras: { stairs, gift: { skuId: input.gift.skuId, per, cap } } };
};

export type BundleProblem = 'bundle.title' | 'bundle.parts' | 'price.invalid' | 'bundle.notLower' | 'cap.invalid';
/** A bundle as typed; parts of no pieces are left out. */
export const readBundle = (input: {
  title: string;
  price: string;
  cap: string;
  parts: readonly { skuId: string; quantity: number; shelfFen: number }[];
}):
  | {
      ok: true;
      bundle: { title: string; priceFen: number; cap: number | null; parts: { skuId: string; quantity: number }[] };
    }
  | { ok: false; problem: BundleProblem } => {
  const chosen = input.parts.filter(({ quantity }) => quantity > 0);
  if (chosen.length < 2) return { ok: false, problem: 'bundle.parts' };
  const title = input.title.trim();
  if (title === '') return { ok: false, problem: 'bundle.title' };
  const apartFen = chosen.reduce((sum, part) => sum + part.shelfFen * part.quantity, 0);
  const read = readOffer({ price: input.price, shelfFen: apartFen, cap: input.cap });
  if (!read.ok) return { ok: false, problem: read.problem === 'price.notLower' ? 'bundle.notLower' : read.problem };
  const { priceFen, cap } = read;
  return {
    ok: true,
    bundle: { title, priceFen, cap, parts: chosen.map(({ skuId, quantity }) => ({ skuId, quantity })) },
  };
};

/** A first proposal: ten percent off, down to a whole yuan where that still lowers the price. */
export const suggestFen = (shelfFen: number): number => {
  const off = Math.floor((shelfFen * 9) / 10);
  return off >= 200 ? off - (off % 100) : Math.max(1, off);
};

/** `3990` → `39.9`, as one would type it. */
export const yuanText = (fen: number): string => {
  const rest = fen % 100;
  const whole = String((fen - rest) / 100);
  return rest === 0 ? whole : `${whole}.${String(rest).padStart(2, '0').replace(/0$/, '')}`;
};
