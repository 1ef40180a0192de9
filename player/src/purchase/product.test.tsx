// @vitest-environment jsdom
import { act } from 'react';
import { expect, it, vi } from 'vitest';
import { joinReply, renderInRoom, testRoom, uuid } from '../testing/fixtures.tsx';
import { Product } from './product.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
vi.mock('../sharing/lazy-sharing.tsx', () => ({ ShareButton: () => <i data-testid="share" /> }));

it.each([
  ['live', true],
  ['conference', false],
] as const)('a product of a %s can be shared: %s', async (kind, shared) => {
  const room = testRoom();
  const reply = joinReply();
  const productId = reply.snapshot.bag.items[0]?.product.id ?? '';
  const withKind = { ...reply, room: { ...reply.room, kind } };
  room.dispatch({ type: 'joined', reply: withKind, selfId: uuid(5) });
  const flow = { step: 'product', productId, skuId: null, quantity: 1 } as const;
  const rendered = await renderInRoom(<Product flow={flow as never} />, {
    room,
    answer: () => ({ json: { items: [], nextCursor: null } }),
  });
  await act(async () => undefined);
  expect(document.querySelector('[data-testid="product-buy"]')).not.toBeNull();
  expect(document.querySelector('[data-testid="share"]') !== null).toBe(shared);
  await rendered.unmount();
  document.body.replaceChildren();
});
