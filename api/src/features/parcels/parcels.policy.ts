/** The life of a parcel (rule S7), and what a line of a bulk ship says: pure. */
import { type Carrier, carriers, type ParcelState, TrackingNo } from '@walnut-live/contracts';

export const parcelEvents = ['correct', 'near', 'deliver', 'return'] as const;
export type ParcelEvent = (typeof parcelEvents)[number];

/** The whole state machine; what is not here cannot happen. What came back is sent again as a parcel of its own case. */
export const parcelTransitions: Readonly<Record<ParcelState, Readonly<Partial<Record<ParcelEvent, ParcelState>>>>> = {
  in_transit: { correct: 'in_transit', near: 'near', deliver: 'delivered', return: 'returned' },
  near: { correct: 'near', deliver: 'delivered', return: 'returned' },
  delivered: {},
  returned: {},
};
export const nextParcelState = (state: ParcelState, event: ParcelEvent): ParcelState | undefined =>
  parcelTransitions[state][event];

/** Where a parcel is after an event: who says so again says nothing new. */
export const stateAfter: Readonly<Record<Exclude<ParcelEvent, 'correct'>, ParcelState>> = {
  near: 'near',
  deliver: 'delivered',
  return: 'returned',
};

// ── bulk ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** As people write them; compared without case and blanks. */
const carrierNames: Readonly<Record<Carrier, readonly string[]>> = {
  sf: ['顺丰', '顺丰速运', '顺丰快递', 'sf express'],
  jd: ['京东', '京东物流', '京东快递'],
  ems: ['邮政', '邮政ems', '中国邮政', '邮政快递包裹'],
  yto: ['圆通', '圆通速递', '圆通快递'],
  zto: ['中通', '中通快递'],
  sto: ['申通', '申通快递'],
  yunda: ['韵达', '韵达快递', '韵达速递'],
  jtexpress: ['极兔', '极兔速递', 'j&t'],
  deppon: ['德邦', '德邦快递', '德邦物流'],
  own: ['自送', '门店配送', '店员送货'],
  other: ['其他', '其它'],
};
const plain = (name: string): string => name.toLowerCase().replaceAll(/\s/g, '');
const carrierByName = new Map(
  carriers.flatMap((code) => [code, ...carrierNames[code]].map((name) => [plain(name), code])),
);

export interface BulkLine {
  /** Of the text, from 1. */
  readonly line: number;
  readonly orderNo: string;
  readonly carrier: string;
  readonly trackingNo: string;
}
export type ReadLine =
  | (BulkLine & { readonly ok: true; readonly as: Carrier })
  | (BulkLine & {
      readonly ok: false;
      readonly result: 'unreadable' | 'unknown_carrier' | 'bad_tracking_no' | 'repeated';
    });

/** A number a spreadsheet has rounded (`1.2E+14`) is no number of a parcel any more. */
const TRACKING_NO = /^[\dA-Za-z-]{4,40}$/;
const HEADER = /order|订单|单号/i;

/** Cells of one line: tabs from a spreadsheet, else commas, half or full width, with RFC 4180 quotes. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  const separator = line.includes('\t') ? /\t/ : /[,，;；]/;
  let cell = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (char === '"' && quoted && line[at + 1] === '"') {
      cell += char;
      at += 1;
    } else if (char === '"') quoted = !quoted;
    else if (!quoted && separator.test(char)) {
      cells.push(cell);
      cell = '';
    } else cell += char;
  }
  cells.push(cell);
  // Our own exports put an apostrophe before what a spreadsheet would run.
  return cells.map((text) => text.trim().replace(/^'/, ''));
}

/** Empty lines and a first line of titles are left out; an order that is in a line above is refused. */
export function readBulk(text: string): ReadLine[] {
  const read: ReadLine[] = [];
  const seen = new Set<string>();
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (raw.trim() === '') continue;
    const [orderNo = '', carrier = '', trackingNo = '', ...more] = cellsOf(raw);
    const line = { line: index + 1, orderNo, carrier, trackingNo };
    if (read.length === 0 && !/\d/.test(orderNo) && HEADER.test(orderNo)) continue;
    const as = carrierByName.get(plain(carrier));
    if (orderNo === '' || orderNo.length > 40 || carrier === '' || more.some((cell) => cell !== ''))
      read.push({ ...line, ok: false, result: 'unreadable' });
    else if (as === undefined) read.push({ ...line, ok: false, result: 'unknown_carrier' });
    else if (!TRACKING_NO.test(trackingNo) || !TrackingNo.safeParse(trackingNo).success)
      read.push({ ...line, ok: false, result: 'bad_tracking_no' });
    else if (seen.has(orderNo)) read.push({ ...line, ok: false, result: 'repeated' });
    else {
      seen.add(orderNo);
      read.push({ ...line, ok: true, as });
    }
  }
  return read;
}
