import type { Api } from '@walnut-live/live-client/http';
import { createPendingActions } from '@walnut-live/live-client/http';
import { expect, it } from 'vitest';
import { checkoutOnce, unresolvedCheckout } from './checkout-once.ts';

it('M3 a checkout whose answer was lost is sent again as it was, under its key, also when the cart has changed', async () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const pending = createPendingActions({ storage });
  const sent: { body: unknown; idempotencyKey: string }[] = [];
  let lost = true;
  const api = {
    call: async (_route: unknown, request: { body: unknown; idempotencyKey: string }) => {
      sent.push(request);
      if (lost) throw new TypeError('network');
      return { id: 'order' };
    },
  } as unknown as Api;
  const body = (quantity: number) =>
    ({ roomId: 'room', lines: [{ skuId: 'sku', quantity, seenPriceFen: 100 }] }) as unknown as Parameters<
      typeof checkoutOnce
    >[1];
  await expect(checkoutOnce({ api, pending }, body(1))).rejects.toThrow();
  expect(unresolvedCheckout(pending, 'room')?.payload).toEqual(body(1));
  lost = false;
  expect(await checkoutOnce({ api, pending }, body(2))).toEqual({ id: 'order' });
  expect(sent[1]).toEqual(sent[0]);
  expect(unresolvedCheckout(pending, 'room')).toBeNull();
});
