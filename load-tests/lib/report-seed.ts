/**
 * A brand with history, written straight into the tables: 1 HQ, 10 channels, 50 stores, 300 guides and 20,000 customers who share, half
 * a year of rooms, touches that repeat as they do, orders with credit, commission and refunds. Triggers are off while it is written; the
 * roll-ups are then counted by the product's own command.
 */
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../api/src/platform/migrate.ts';
import { type EmbeddedPostgres, startPostgres } from '../../scripts/embedded-postgres.ts';
import { ROOT } from '../../scripts/setup/paths.ts';

export interface ReportSize {
  touches: number;
  orders: number;
  visitors: number;
  sharers: number;
}
export interface ReportDatabase {
  readonly url: string;
  readonly client: pg.Client;
  stop(): Promise<void>;
}
const DATABASE = 'reports';
const STORES = 50;
const GUIDES = 300;
const ROOMS_PER_STORE = 60;
const LINKS_PER_SHARER = 10;
/** The first day; rooms follow every three days. */
export const SEED_FROM = '2026-01-01';
export const HQ_ID = '00000000-0000-7000-a000-000000000001';
export const ANALYST_ID = '00000000-0000-7000-b000-000000000000';
export const storeId = (n: number): string => `00000000-0000-7000-a002-${String(n).padStart(12, '0')}`;
/** SQL: the id of the n-th of a kind. */
const idOf = (kind: string, n: string): string =>
  `('00000000-0000-7000-${kind}-' || lpad(to_hex((${n})::bigint), 12, '0'))::uuid`;

export async function startReportDatabase(dataDir: string): Promise<ReportDatabase> {
  const postgres: EmbeddedPostgres = await startPostgres({
    dataDir: join(dataDir, 'postgres'),
    password: 'measured-on-loopback-only',
    settings: {
      ...{ shared_buffers: '2GB', max_connections: '40', maintenance_work_mem: '512MB', max_wal_size: '16GB' },
      // Written once and thrown away; what is measured reads.
      ...{
        fsync: 'off',
        full_page_writes: 'off',
        wal_level: 'minimal',
        max_wal_senders: '0',
        checkpoint_timeout: '1h',
      },
    },
  });
  const admin = new pg.Client({ connectionString: postgres.url() });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  await admin.end();
  const url = postgres.url(DATABASE);
  await migrate(url, join(ROOT, 'api/prisma/migrations'));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    ...{ url, client },
    async stop() {
      await client.end();
      await postgres.stop();
    },
  };
}

/** The indexes of a table are made when it is full. */
async function fill(client: pg.Client, table: string, statement: string): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
     WHERE i.indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)`,
    [table],
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  await client.query(statement);
  for (const { definition } of rows) await client.query(definition);
  await client.query(`VACUUM (ANALYZE) ${table}`);
}

export async function seedReports(client: pg.Client, size: ReportSize, say: (line: string) => void): Promise<void> {
  const guideLinks = GUIDES * ROOMS_PER_STORE;
  const links = guideLinks + size.sharers * LINKS_PER_SHARER;
  const step = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const began = Date.now();
    await work();
    say(`${what}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
  };
  const run = (sql: string) => client.query(sql);
  await run(
    `SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '512MB'; SET jit = off; SELECT setseed(0.25)`,
  );
  await step('units, people, rooms, links', async () => {
    await run(
      `INSERT INTO org_units (id, kind, path, name, created_at) VALUES ('${HQ_ID}', 'hq', 'hq', '总部', '${SEED_FROM}')`,
    );
    await run(`INSERT INTO org_units (id, parent_id, kind, path, name, created_at)
      SELECT ${idOf('a001', 'n')}, '${HQ_ID}', 'channel', 'hq.c' || n, '经销商 ' || n, '${SEED_FROM}' FROM generate_series(0, 9) n`);
    await run(`INSERT INTO org_units (id, parent_id, kind, path, name, created_at)
      SELECT ('00000000-0000-7000-a002-' || lpad(n::text, 12, '0'))::uuid, ${idOf('a001', 'n % 10')}, 'store', 'hq.c' || n % 10 || '.s' || n, '门店 ' || n, '${SEED_FROM}'
      FROM generate_series(0, ${STORES - 1}) n`);
    await run(`INSERT INTO people (id, kind, name, created_at)
      SELECT ${idOf('b000', 'n')}, CASE WHEN n <= ${GUIDES} THEN 'staff' ELSE 'consumer' END, '推荐人 ' || n, '${SEED_FROM}' FROM generate_series(0, ${GUIDES + size.sharers}) n`);
    await run(`INSERT INTO staff_accounts (person_id, username, password_hash, role, org_unit_id, org_path, created_at)
      SELECT ${idOf('b000', 'n')}, 'guide' || n, '', CASE n WHEN 0 THEN 'hq_analyst' ELSE 'guide' END, u.id, u.path, '${SEED_FROM}'
      FROM generate_series(0, ${GUIDES}) n JOIN org_units u ON u.path = CASE n WHEN 0 THEN 'hq' ELSE 'hq.c' || n % ${STORES} % 10 || '.s' || n % ${STORES} END`);
    // Every fiftieth was a guest who is somebody else now.
    await fill(
      client,
      'people',
      `INSERT INTO people (id, kind, name, merged_into, created_at)
      SELECT ${idOf('c000', 'n')}, CASE n % 50 WHEN 49 THEN 'guest' ELSE 'consumer' END, '顾客', CASE n % 50 WHEN 49 THEN ${idOf('c000', 'n - 1')} END, '${SEED_FROM}'
      FROM generate_series(0, ${size.visitors - 1}) n`,
    );
    await run(`INSERT INTO rooms (id, org_unit_id, org_path, host_id, title, cover_url, state, stream_id, started_at, ended_at, created_at)
      SELECT ${idOf('d000', `s * ${ROOMS_PER_STORE} + k`)}, u.id, u.path, ${idOf('b000', '1 + s')}, '专场', '', 'ended', ${idOf('d000', `s * ${ROOMS_PER_STORE} + k`)},
        timestamptz '${SEED_FROM} 20:00+08' + k * interval '3 days', timestamptz '${SEED_FROM} 22:00+08' + k * interval '3 days', '${SEED_FROM}'
      FROM generate_series(0, ${STORES - 1}) s CROSS JOIN generate_series(0, ${ROOMS_PER_STORE - 1}) k JOIN org_units u ON u.path = 'hq.c' || s % 10 || '.s' || s`);
    await run(`CREATE TEMP TABLE l AS SELECT n, sharer, s * ${ROOMS_PER_STORE} + k AS room, k FROM (
        SELECT n, 1 + n / ${ROOMS_PER_STORE} AS sharer, (1 + n / ${ROOMS_PER_STORE}) % ${STORES} AS s, n % ${ROOMS_PER_STORE} AS k FROM generate_series(0, ${guideLinks - 1}) n
        UNION ALL SELECT n, ${GUIDES + 1} + (n - ${guideLinks}) / ${LINKS_PER_SHARER}, (${GUIDES + 1} + (n - ${guideLinks}) / ${LINKS_PER_SHARER}) % ${STORES}, (n * 7) % ${ROOMS_PER_STORE}
          FROM generate_series(${guideLinks}, ${links - 1}) n) x`);
    await run(`INSERT INTO share_links (id, sharer_id, room_id, channel, created_at)
      SELECT ${idOf('e000', 'n')}, ${idOf('b000', 'sharer')}, ${idOf('d000', 'room')}, 'wechat', '${SEED_FROM}' FROM l`);
    await run('ANALYZE l');
  });
  await step(`${size.touches} touches`, () =>
    // Two of five come by guides; of customers some share much more than others. Who came once comes again.
    fill(
      client,
      'touches',
      `INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
      SELECT ${idOf('f000', 'i')}, ${idOf('e000', 'n')}, ${idOf('b000', 'sharer')},
        ${idOf('c000', `(sharer * 104729 + floor(pow(r, 1.5) * CASE WHEN sharer <= ${GUIDES} THEN ${Math.ceil((size.touches * 0.4 * 0.7) / GUIDES)} ELSE ${Math.ceil((size.touches * 0.6 * 0.7) / size.sharers)} END)::bigint) % ${size.visitors}`)},
        ${idOf('d000', 'room')}, 'wechat', '${SEED_FROM}', '', '', timestamptz '${SEED_FROM} 12:00+08' + k * interval '3 days' + q * q * interval '3 days'
      FROM (SELECT i, CASE WHEN random() < 0.4 THEN floor(random() * ${guideLinks}) ELSE ${guideLinks} + floor(pow(random(), 2) * ${links - guideLinks}) END::int AS n,
          random() AS r, random() AS q FROM generate_series(1, ${size.touches}) i) t JOIN l USING (n)`,
    ),
  );
  await step(`${size.orders} orders`, async () => {
    await run(`CREATE TEMP TABLE o AS SELECT ${idOf('1000', 'row_number() OVER ()')} AS id, visitor_id, sharer_id, room_id, org_unit_id, org_path, at + q * interval '1 day' AS at, fen,
        CASE WHEN z < 0.08 THEN fen ELSE 0 END AS back
      FROM (SELECT t.*, random() AS q, 1000 + floor(random() * 30000)::bigint AS fen, random() AS z FROM touches t WHERE random() < ${(1.1 * size.orders) / size.touches}) t
      JOIN rooms r ON r.id = t.room_id LIMIT ${size.orders}`);
    await fill(
      client,
      'orders',
      `INSERT INTO orders (id, order_no, person_id, room_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen, total_fen, paid_fen, refunded_fen,
        address, placed_at, expires_at, paid_at)
      SELECT id, id, visitor_id, room_id, org_unit_id, org_path, CASE WHEN back > 0 THEN 'refunded' ELSE 'received' END, fen, 0, 0, fen, fen, back, '{}', at, at, at FROM o`,
    );
    await fill(
      client,
      'order_credit_versions',
      `INSERT INTO order_credit_versions (order_id, reason, person_id, org_unit_id, org_path, rule_version, trace, decided_at)
      SELECT id, 'share_link', sharer_id, org_unit_id, org_path, 1, '[]', at FROM o`,
    );
    await fill(
      client,
      'commission_entries',
      `INSERT INTO commission_entries (id, order_id, order_item_id, beneficiary_id, store_id, org_path, level, event, event_ref, basis_fen, bps, amount_fen, rule_version, state, at)
      SELECT gen_random_uuid(), id, id, sharer_id, org_unit_id, org_path, 1, e, e, fen, 1000, CASE e WHEN 'paid' THEN fen / 10 ELSE -(fen / 10) END, 1, 'estimated', at
      FROM o CROSS JOIN (VALUES ('paid'), ('refunded')) x (e) WHERE e = 'paid' OR back > 0`,
    );
    await fill(
      client,
      'invite_edges',
      `INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at)
      SELECT DISTINCT ON (t.visitor_id) t.visitor_id, t.sharer_id, t.id, t.at FROM touches t JOIN people p ON p.id = t.visitor_id WHERE p.merged_into IS NULL ORDER BY t.visitor_id, t.at`,
    );
  });
  await run('SET session_replication_role = origin; ANALYZE');
}
