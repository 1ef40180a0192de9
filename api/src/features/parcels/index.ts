/** Parcels and what happens until they are received: see parcels.service.ts and orders/fulfilment.ts for the model. */
import {
  bulkShip,
  changeOrderAddress,
  correctParcel,
  extendReceipt,
  findPickup,
  MAX_BULK_LINES,
  noteParcel,
  redeemPickup,
  setMerchantRemark,
  shipParcel,
} from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { type OrdersService, readOrder } from '../orders/index.ts';
import { type CarrierTracking, followCarriers } from './carrier-tracking.ts';
import { createParcelsService, type ParcelsDeps } from './parcels.service.ts';

export { CARRIER_QUERY_JOB, createCarrierTracking } from './carrier-tracking.ts';
export { auditParcels } from './parcels-audit.ts';

export function createParcels(
  deps: ParcelsDeps & {
    bind: Binder;
    log: Logger;
    jobs: Jobs;
    orders: Pick<OrdersService, 'sendParcel' | 'ship' | 'extend' | 'findPickup' | 'redeemPickup' | 'changeAddress'>;
    tracking: CarrierTracking | undefined;
  },
): void {
  const { bind, db, orders, tracking } = deps;
  const parcels = createParcelsService(deps);

  bind(shipParcel, ({ tx, principal, params, body }) => orders.ship(tx, principal, params.id, body));
  bind(correctParcel, ({ principal, params, body }) =>
    db.transaction((tx) => parcels.correct(tx, principal, params.id, body)),
  );
  bind(noteParcel, ({ principal, params, body }) =>
    db.transaction((tx) => parcels.noteByHand(tx, principal, params.id, body)),
  );
  bind(bulkShip, async ({ principal, body }) => {
    const lines = await parcels.bulk(principal, body.text, body.apply, MAX_BULK_LINES);
    const count = (...results: (typeof lines)[number]['result'][]) =>
      lines.filter(({ result }) => results.includes(result)).length;
    const [ready, sent] = [count('ready'), count('sent')];
    return { lines, ready, sent, refused: lines.length - ready - sent - count('already') };
  });
  bind(findPickup, ({ principal, params }) => db.transaction((tx) => orders.findPickup(tx, principal, params.code)));
  bind(redeemPickup, ({ tx, principal, params }) => orders.redeemPickup(tx, principal, params.code));
  bind(extendReceipt, ({ tx, principal, params }) => orders.extend(tx, principal, params.id));
  bind(changeOrderAddress, ({ principal, params, body }) =>
    db.transaction((tx) => orders.changeAddress(tx, principal, params.id, body.address)),
  );
  bind(setMerchantRemark, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      await parcels.remark(tx, principal, params.id, body.remark);
      return readOrder(tx, params.id, principal.staff);
    }),
  );
  if (tracking) followCarriers({ ...deps, tracking, parcels });
}
