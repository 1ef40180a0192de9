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
