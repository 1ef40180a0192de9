/**
 * Rule Z1: which version of a product's page an order item refers to. The page is written anew while somebody reads it; what they
 * saw is what they were promised, as long as it was a page of that product.
 */
import type { Sql } from '../../platform/db.ts';

/** A version that a buyer's screen showed, as the client names it. */
export interface SeenPage {
  readonly productId: string;
  /** SHA-256 in hex. */
  readonly hash: string;
}
const nameOf = ({ productId, hash }: SeenPage): string => `${productId} ${hash}`;

/** Those of the named versions that are, or were, pages of their products; for any number of orders in one statement, for none without. */
export async function readSeenPages(sql: Sql, seen: readonly SeenPage[]): Promise<ReadonlySet<string>> {
  if (seen.length === 0) return new Set();
  const known = await sql<SeenPage>`
    SELECT p.product_id AS "productId", p.hash
    FROM unnest(${seen.map(({ productId }) => productId)}::uuid[], ${seen.map(({ hash }) => hash)}::text[]) AS w (product_id, hash)
    JOIN product_snapshots p ON p.hash = w.hash AND p.product_id = w.product_id`;
  return new Set(known.map(nameOf));
}

/** The version an item keeps: the seen one when it is known, else that of the order's moment. */
export function pageOfItem(
  sku: { readonly productId: string; readonly snapshotHash: string | null },
  seenHash: string | undefined,
  known: ReadonlySet<string>,
): string | null {
  if (seenHash === undefined) return sku.snapshotHash;
  return known.has(nameOf({ productId: sku.productId, hash: seenHash })) ? seenHash : sku.snapshotHash;
}
