/** Who customers are, put together: levels, points, tags; and what orders tell them. */

import { createCustomerTags } from './features/customer-tags/index.ts';
import { createMembers, type MembersDeps } from './features/members/index.ts';
import type { OrdersDeps } from './features/orders/index.ts';
import { createPoints } from './features/points/index.ts';
import type { Rooms } from './features/rooms/index.ts';
import type { Tracing } from './platform/tracing.ts';

type Told = Pick<OrdersDeps, 'orderPaid' | 'orderReceived' | 'orderRefunded'>;

/** What a payment means for commission, as a span of its trace. */
export const tracedOrders = (tracing: Pick<Tracing, 'span'>, told: Told): Told => ({
  ...told,
  orderPaid: (tx, orderId, at) => tracing.span('commissions.enter', () => told.orderPaid(tx, orderId, at)),
});

export function createCustomers(deps: MembersDeps & { rooms: Pick<Rooms, 'onEnded'> }) {
  const members = createMembers(deps);
  const points = createPoints(deps);
  const tags = createCustomerTags(deps);
  const undo = deps.rooms.onEnded(tags.roomEnded);
  return {
    watch: tags.watch,
    /** What orders tell, after `first` (commissions) has heard it: these lock people, and nothing is locked after them. */
    told: (first: Told): Told => ({
      async orderPaid(tx, orderId, at) {
        await first.orderPaid(tx, orderId, at);
        await members.onOrderPaid(tx, orderId, at);
        tags.onOrderNews(tx, orderId);
      },
      async orderReceived(tx, orderId, at) {
        await first.orderReceived(tx, orderId, at);
        await points.onOrderReceived(tx, orderId, at);
      },
      async orderRefunded(tx, refund) {
        await first.orderRefunded(tx, refund);
        await points.onOrderRefunded(tx, refund);
        await members.onOrderRefunded(tx, refund);
        tags.onOrderNews(tx, refund.orderId);
      },
    }),
    async close(): Promise<void> {
      undo();
      await tags.close();
    },
  };
}
