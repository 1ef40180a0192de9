/**
 * A shop as it is often written, for comparison: every order is a transaction of its own that locks the stock's row first, looks
 * whether enough is left, writes order, item, payment and key, and lets go at the commit. It knows nothing of credit, offers,
 * limits, or a room that wants to hear what is left. Environment: PORT, DATABASE_URL, AUTH_SECRET.
 */
import { createHash, randomUUID } from 'node:crypto';
import express from 'express';
import { jwtVerify } from 'jose';
import pg from 'pg';
import { z } from 'zod';

const POOL_SIZE = 20;
const RESERVED_MS = 900_000;
const secret = new TextEncoder().encode(process.env.AUTH_SECRET);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: POOL_SIZE });

const PlaceOrder = z.strictObject({
  roomId: z.uuid(),
  lines: z.array(z.strictObject({ skuId: z.uuid(), quantity: z.int().min(1), seenPriceFen: z.int() })).length(1),
  address: z.record(z.string(), z.string()),
});

async function place(personId: string, key: string, body: z.infer<typeof PlaceOrder>) {
  const [line] = body.lines;
  if (!line) return { status: 422, reply: {} };
  const client = await pool.connect();
  const ask = (name: string, text: string, values: unknown[]) => client.query({ name, text, values });
  try {
    await client.query('BEGIN');
    const known = await ask(
      'key',
      'SELECT reply FROM idempotency_keys WHERE person_id = $1 AND route = $2 AND key = $3',
      [personId, 'naive', key],
    );
    if (known.rows.length > 0) return { status: 201, reply: known.rows[0].reply };
    const found = await ask(
      'sku',
      `SELECT r.org_unit_id, r.org_path, s.price_fen, s.name, p.id AS product_id, p.title
       FROM rooms r, skus s JOIN products p ON p.id = s.product_id WHERE r.id = $1 AND s.id = $2`,
      [body.roomId, line.skuId],
    );
    const sku = found.rows[0];
    const stock = await ask('lock', 'SELECT on_hand, reserved FROM stocks WHERE sku_id = $1 FOR UPDATE', [line.skuId]);
    if (stock.rows[0].on_hand - stock.rows[0].reserved < line.quantity) {
      await client.query('ROLLBACK');
      return { status: 409, reply: { code: 'out_of_stock' } };
    }
    const [id, at] = [randomUUID(), new Date()];
    const total = Number(sku.price_fen) * line.quantity;
    await ask('take', 'UPDATE stocks SET reserved = reserved + $2 WHERE sku_id = $1', [line.skuId, line.quantity]);
    await ask(
      'order',
      `INSERT INTO orders (id, order_no, person_id, room_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen,
         total_fen, address, remark, placed_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, 'pending_payment', $7, 0, 0, $7, $8, '', $9, $10)`,
      [
        ...[id, id, personId, body.roomId, sku.org_unit_id, sku.org_path, total, JSON.stringify(body.address), at],
        new Date(at.getTime() + RESERVED_MS),
      ],
    );
    await ask(
      'history',
      `INSERT INTO order_transitions (order_id, to_state, event, actor_id, at) VALUES ($1, 'pending_payment', 'place', $2, $3)`,
      [id, personId, at],
    );
    await ask(
      'item',
      `INSERT INTO order_items (id, order_id, position, product_id, sku_id, stock_unit_id, title, sku_name, picture_url, quantity,
         unit_price_fen, discount_fen, amount_fen)
       VALUES ($1, $2, 0, $3, $4, $5, $6, $7, '', $8, $9, 0, $10)`,
      [
        ...[randomUUID(), id, sku.product_id, line.skuId, sku.org_unit_id, sku.title, sku.name, line.quantity],
        ...[sku.price_fen, total],
      ],
    );
    await ask(
      'payment',
      `INSERT INTO payments (id, order_id, provider, amount_fen, state, created_at) VALUES ($1, $2, 'sandbox', $3, 'pending', $4)`,
      [randomUUID(), id, total, at],
    );
    const reply = { id, state: 'pending_payment', totalFen: total, placedAt: at.toISOString() };
    await ask(
      'store',
      `INSERT INTO idempotency_keys (person_id, route, key, request_hash, state, status, reply, created_at, finished_at)
       VALUES ($1, 'naive', $2, $3, 'done', 201, $4, $5, $5)`,
      [personId, key, createHash('sha256').update(JSON.stringify(body)).digest('base64url'), reply, at],
    );
    await client.query('COMMIT');
    return { status: 201, reply };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

const app = express();
app.use(express.json());
app.get('/readyz', (_req, res) => void res.json({ ok: true }));
app.post('/api/v1/orders', async (req, res) => {
  const { payload } = await jwtVerify(String(req.get('authorization')).slice('Bearer '.length), secret);
  const { status, reply } = await place(
    String(payload.sub),
    String(req.get('idempotency-key')),
    PlaceOrder.parse(req.body),
  );
  res.status(status).json(reply);
});
app.listen(Number(process.env.PORT), '127.0.0.1', () => console.info('ready'));
