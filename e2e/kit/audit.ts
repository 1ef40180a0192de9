/** After every journey and drill: do the books, the stock, the payments and the gifts agree with one another? */
import { auditGifts } from '../../api/src/features/gifts/gifts-audit.ts';
import { auditGroupBuys } from '../../api/src/features/group-buys/group-buys-audit.ts';
import { auditOrders } from '../../api/src/features/orders/orders-audit.ts';
import { auditPoints } from '../../api/src/features/points/points-audit.ts';
import { auditPreSales } from '../../api/src/features/pre-sales/pre-sales-audit.ts';
import { auditLedger } from '../../api/src/ledger/ledger-audit.ts';
import { createDb, type Db } from '../../api/src/platform/db.ts';

/** Lends the product's database for one piece of work. */
export async function withDatabase<T>(databaseUrl: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db = createDb({ url: databaseUrl, poolSize: 2, onError: () => undefined });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

/** What is wrong with money, stock, gifts, group buys, points and pre-sales, in words; empty when all is right. */
export function auditBooks(databaseUrl: string): Promise<string[]> {
  return withDatabase(databaseUrl, async (db) => [
    ...(await auditLedger(db)).problems,
    ...(await auditOrders(db)),
    ...(await auditGifts(db)),
    ...(await auditGroupBuys(db)),
    ...(await auditPoints(db)),
    ...(await auditPreSales(db)),
  ]);
}
