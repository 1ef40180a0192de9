/**
 * What the tables of socket messages know about each message of the contracts. A message that is not here fails the compiler and the
 * tables: whoever adds one says what a right payload is, whose things it could name, and whom it is for.
 */
import { randomUUID } from 'node:crypto';
import type { ErrorCode, Permission, RoomMessageName } from '@walnut-live/contracts';

/** Things of one room. */
export interface RoomThings {
  productId: string;
  skuId: string;
  /** Said by somebody who is not in any table. */
  messageId: string;
  /** Somebody to be muted or put out. */
  personId: string;
  pollId: string;
  chainId: string;
  /** Prepared, and its notice is over. */
  drawId: string;
}

/**
 * everybody · named: guests sign in first · customers: nor is it for staff (rule Z8) · adults: customers who have shown that they are
 * of age (rule G1) · operators: the crew of the room · a permission: the crew, as far as they have it.
 */
export type ForWhom = 'everybody' | 'named' | 'customers' | 'adults' | 'operators' | Permission;

export interface EventRow {
  readonly forWhom: ForWhom;
  /** About things of the room in which it is said. */
  readonly own: (room: RoomThings) => Record<string, unknown>;
  /** The same with the things of another room; null: it names nothing that belongs to a room. */
  readonly foreign: ((other: RoomThings) => Record<string, unknown>) | null;
  /** Fields that may be left out, and are spoiled with the others. */
  readonly more?: Record<string, unknown>;
  /** What somebody is told whom the room has muted; null: they may. */
  readonly muted: ErrorCode | null;
}

const operators = { forWhom: 'operators', foreign: null, muted: null } as const;
const ofMessage = (more: Record<string, unknown> = {}) => {
  const payload = ({ messageId }: RoomThings) => ({ messageId, ...more });
  return { own: payload, foreign: payload };
};
const byButton = { forWhom: 'customers', foreign: null, muted: null } as const;

export const eventRows: Record<RoomMessageName, EventRow> = {
  'like:add': {
    ...{ forWhom: 'everybody', foreign: null, muted: null },
    own: () => ({ count: 3, batch: { clientId: randomUUID(), no: 1 } }),
  },
  'chat:report': { ...ofMessage({ reason: 'abuse', note: '' }), forWhom: 'everybody', muted: null },
  'chat:send': {
    ...{ forWhom: 'named', foreign: null, muted: 'muted' },
    own: () => ({ text: '好喝', clientMessageId: randomUUID() }),
    more: { replyTo: 'chat:x', mentions: [randomUUID()], sticker: 'love' },
  },
  'gift:send': {
    ...{ forWhom: 'adults', foreign: null, muted: null }, // a gift says no words
    own: () => ({
      ...{ giftId: '01980000-0000-7000-8000-000000000001', quantity: 1, seenPriceCoins: 1 },
      ...{ comboId: randomUUID(), idempotencyKey: randomUUID() },
    }),
  },
  'checkin:do': { ...byButton, own: () => ({}) },
  'poll:answer': {
    ...byButton,
    own: ({ pollId }) => ({ pollId, choices: [1] }),
    foreign: ({ pollId }) => ({ pollId, choices: [1] }),
  },
  'chain:join': {
    ...{ forWhom: 'customers', muted: 'muted' },
    own: ({ chainId }) => ({ chainId, quantity: 2, note: '要两箱' }),
    foreign: ({ chainId }) => ({ chainId, quantity: 2, note: '' }),
  },
  'chain:withdraw': { ...byButton, own: ({ chainId }) => ({ chainId }), foreign: ({ chainId }) => ({ chainId }) },
  'draw:enter': {
    ...byButton, // a keyword is said in the chat, which refuses it
    own: ({ drawId }) => ({ drawId, clientMessageId: randomUUID() }),
    foreign: ({ drawId }) => ({ drawId }),
  },
  'draw:open': { ...operators, own: ({ drawId }) => ({ drawId }), foreign: ({ drawId }) => ({ drawId }) },
  'draw:close': { ...operators, own: ({ drawId }) => ({ drawId }), foreign: ({ drawId }) => ({ drawId }) },
  'product:pin': { ...operators, own: ({ productId }) => ({ productId }) },
  'product:unpin': { ...operators, own: () => ({}) },
  'offer:open': {
    ...{ forWhom: 'offers:write', foreign: null, muted: null },
    own: ({ skuId }) => ({ skuId, priceFen: 490, durationSeconds: 60, cap: 5, perPersonLimit: 1 }),
  },
  'notice:set': { ...operators, own: () => ({ text: '今晚八点' }) },
  'mode:set': { ...operators, own: () => ({ slowSeconds: 0, audience: 'everyone' }) },
  'chat:answer': { ...operators, ...ofMessage({ answered: true }) },
  'message:pin': { ...operators, ...ofMessage() },
  'chat:delete': { ...operators, ...ofMessage({ reason: '' }) },
  'viewer:mute': { ...operators, own: ({ personId }) => ({ personId, minutes: 5, reason: '' }) },
  'viewer:ban': { ...operators, own: ({ personId }) => ({ personId, reason: '' }) },
};

/** Names of nothing that exists, where only the shape counts. */
export const nowhere = (): RoomThings => ({
  productId: randomUUID(),
  skuId: randomUUID(),
  messageId: 'chat:x',
  personId: randomUUID(),
  pollId: randomUUID(),
  chainId: randomUUID(),
  drawId: randomUUID(),
});
