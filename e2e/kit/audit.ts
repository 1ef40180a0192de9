/** After every journey and drill: do the books, the stock, the payments and the gifts agree with one another? */
import { auditBooks as auditBooksOf } from '../../api/src/compose-audit.ts';
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
  return withDatabase(databaseUrl, auditBooksOf);
}
