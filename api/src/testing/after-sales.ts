/** An after-sale case for tests that need one but not how it came about, and pictures as a buyer uploads them. */
import { randomUUID } from 'node:crypto';
import type { OrderView } from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { Unit } from './fixtures.ts';
import type { TestApi } from './test-api.ts';
import { testPicture } from './upload.ts';

/** Asked for a moment ago, of one piece of the order's first item, with a picture. */
export async function makeAfterSale(api: TestApi, order: OrderView, buyer: Principal, unit: Unit) {
  const { sql } = api.api.platform.db;
  const [afterSaleId, evidenceId] = [randomUUID(), randomUUID()];
  const now = api.clock.now();
  await sql`INSERT INTO stored_files (id, purpose, org_path, name, media_type, bytes, sha256, content, created_by, created_at)
    VALUES (${evidenceId}, 'evidence', ${unit.path}, 'file', 'image/png', 64, '', ${testPicture()}, ${buyer.personId}, ${now})`;
  await sql`INSERT INTO after_sales (id, case_no, order_id, person_id, org_unit_id, org_path, kind, state, reason, amount_fen, protected,
      waiting_since, created_at)
    VALUES (${afterSaleId}, ${`AS${afterSaleId.slice(0, 10)}`}, ${order.id}, ${buyer.personId}, ${unit.id}, ${unit.path}, 'refund_only',
      'requested', 'other', 1, false, ${now}, ${now})`;
  await sql`INSERT INTO after_sale_lines (after_sale_id, order_item_id, quantity, amount_fen)
    VALUES (${afterSaleId}, ${order.items[0]?.id}, 1, 1)`;
  await sql`INSERT INTO after_sale_pictures (after_sale_id, file_id, position) VALUES (${afterSaleId}, ${evidenceId}, 1)`;
  await sql`INSERT INTO after_sale_steps (after_sale_id, to_state, event, side, actor_id, at)
    VALUES (${afterSaleId}, 'requested', 'request', 'buyer', ${buyer.personId}, ${now})`;
  return { afterSaleId, evidenceId };
}

export async function sendEvidence(
  api: TestApi,
  as: Principal,
  orderId: string,
  content: Buffer = testPicture(),
): Promise<{ status: number; id: string; code: string }> {
  const response = await fetch(`${api.url}/api/v1/orders/${orderId}/evidence?name=a.png`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await api.token(as)}`, 'content-type': 'image/png' },
    body: new Uint8Array(content),
  });
  const body = (await response.json()) as { id?: string; code?: string };
  return { status: response.status, id: body.id ?? '', code: body.code ?? '' };
}
