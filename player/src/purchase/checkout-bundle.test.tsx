// @vitest-environment jsdom
import type { BundleView } from '@walnut-live/contracts';
import { act, type ReactNode } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { type ApiCall, byTestId, joinReply, press, renderInRoom, testRoom, uuid } from '../testing/fixtures.tsx';
import { Checkout } from './checkout.tsx';
import { usePurchase } from './purchase-provider.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
afterEach(async () => {
  await unmount?.();
  document.body.replaceChildren();
  localStorage.clear();
});

const bundle: BundleView = {
  ...{ id: uuid(70), roomId: uuid(1), title: '组合', priceFen: 9_000, shelfFen: 10_980 },
  parts: [
    {
      ...{ skuId: uuid(20), productId: uuid(10), title: '核桃乳', skuName: '原味', pictureUrl: '/pictures/walnut.svg' },
      ...{ priceFen: 5_490, quantity: 2, available: 30 },
    },
  ],
  ...{ startsAt: '2026-11-01T00:00:00.000Z', endsAt: '2099-01-01T00:00:00.000Z' },
  ...{ cap: null, taken: 0, perPersonLimit: null, state: 'open' },
};
const Shell = (): ReactNode => {
  const { flow, checkout } = usePurchase();
  const choose = () => checkout({ productId: bundle.id, skuId: bundle.id, quantity: 1 });
  return (
    <>
      <button type="button" data-testid="start" onClick={choose} />
      {flow?.step === 'checkout' && <Checkout flow={flow} />}
    </>
  );
};

it('a bundle is quoted as a bundle: its id is no SKU', async () => {
  const room = testRoom();
  const reply = joinReply();
  const snapshot = { ...reply.snapshot, bag: { ...reply.snapshot.bag, bundles: [bundle] } };
  room.dispatch({ type: 'joined', reply: { ...reply, snapshot }, selfId: uuid(5) });
  const answer = ({ path }: ApiCall) =>
    path === '/shipping/quote'
      ? { json: { shippingFen: 700, freeInFen: null, freeFromFen: null, pickup: null } }
      : { json: { items: [], nextCursor: null } };
  const rendered = await renderInRoom(<Shell />, { room, answer });
  unmount = rendered.unmount;
  await press(byTestId('start'));
  const quoted = () => rendered.calls.find(({ path }) => path === '/shipping/quote')?.body;
  await act(() => vi.waitFor(() => expect(quoted()).toBeDefined(), { timeout: 10_000 }));
  expect(quoted()).toMatchObject({ lines: [], bundles: [{ bundleId: bundle.id, quantity: 1 }], goodsFen: 9_000 });
});
