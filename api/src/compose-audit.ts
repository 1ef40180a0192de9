/** The auditor: do the books, the stock and what was promised agree with one another? It only reads. */
import { auditGifts } from './features/gifts/index.ts';
import { auditGroupBuys } from './features/group-buys/index.ts';
import { auditOrders } from './features/orders/index.ts';
import { auditPoints } from './features/points/index.ts';
import { auditPreSales } from './features/pre-sales/index.ts';
import { auditLedger } from './ledger/ledger-audit.ts';
import type { Db } from './platform/db.ts';

/** What is wrong with money, stock, gifts, group buys, points and pre-sales, in words with ids; empty when all is right. */
export async function auditBooks(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return [
    ...(await auditLedger(db)).problems,
    ...(await auditOrders(db)),
    ...(await auditGifts(db)),
    ...(await auditGroupBuys(db)),
    ...(await auditPoints(db)),
    ...(await auditPreSales(db)),
  ];
}
