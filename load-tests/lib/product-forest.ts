/** The product's own invite graph, filled with a forest: its tables, its statements, its job. */
import { join } from 'node:path';
import type pg from 'pg';
import { createGraphKeeping } from '../../api/src/features/invite-graph/index.ts';
import * as reading from '../../api/src/features/invite-graph/reading.repository.ts';
import { systemClock } from '../../api/src/platform/clock.ts';
import { createDb, type Db } from '../../api/src/platform/db.ts';
import { migrate } from '../../api/src/platform/migrate.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { asker, type ForestStore } from './forest-stores.ts';
import type { RepostForest } from './repost-forest.ts';

export const STORES = 50;
/** Of all people, so many hundredths have paid an order. */
const BUYERS_PERCENT = 20;
const PAGE = 50;

export interface ProductForest extends ForestStore {
  readonly db: Db;
  /** One more paid order of a person, followed by the job. */
  order(id: string): Promise<void>;
  scope(path: string): Promise<reading.Scope>;
  close(): Promise<void>;
}

export async function productForest(client: pg.Client, url: string): Promise<ProductForest> {
  const { number, run, all } = asker(client);
  await migrate(url, join(ROOT, 'api/prisma/migrations'));
  const db = createDb({ url, poolSize: 2, onError: () => undefined });
  const keeping = createGraphKeeping({ db, clock: systemClock });
  const scope = async (path: string): Promise<reading.Scope> => {
    const found = await reading.scopeOf(db.sql, path);
    if (!found) throw new Error(`no unit ${path}`);
    return found;
  };
  let brand: Promise<reading.Scope> | undefined;
  const whole = () => {
    brand ??= scope('measured');
    return brand;
  };

  return {
    name: 'roll-ups over edges',
    db,
    scope,
    prepare: () => seedForest(run),
    build: keeping.rebuild,
    count: (id) => number('SELECT people AS n FROM invite_nodes WHERE person_id = $1', [id]),
    async page(id) {
      const picked = await reading.pickChildren(db.sql, await whole(), id, {
        sort: 'people',
        after: undefined,
        limit: PAGE,
      });
      const ids = picked.map((one) => one.id);
      return (await reading.describe(db.sql, await whole(), ids)).length;
    },
    ancestors: async (id) => (await reading.chainOf(db.sql, id, 1_000)).length,
    async insert(id, inviterId) {
      await run(
        `WITH person AS (INSERT INTO people (id, kind, name, created_at) VALUES ($1, 'guest', '访客', now()))
         INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at) SELECT $1, $2, id, now() FROM touches LIMIT 1`,
        [id, inviterId],
      );
      await keeping.follow();
    },
    async move(id, inviterId) {
      await run('UPDATE invite_edges SET inviter_id = $2 WHERE invitee_id = $1', [id, inviterId]);
      await keeping.follow();
    },
    async order(id) {
      await run(
        `INSERT INTO orders (id, order_no, person_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen, total_fen, paid_fen,
           address, placed_at, expires_at, paid_at)
         SELECT o.id, o.id, $1, u.id, u.path, 'paid', 9900, 0, 0, 9900, 9900, '{}', now(), now(), now()
         FROM (SELECT gen_random_uuid() AS id) o, (SELECT * FROM org_units WHERE kind = 'store' LIMIT 1) u`,
        [id],
      );
      await keeping.follow();
    },
    bytes: async () => {
      const [row] = await all<{ n: string }>(
        `SELECT pg_total_relation_size('invite_nodes') + pg_total_relation_size('invite_rollups') + pg_total_relation_size('invite_edges') AS n`,
      );
      return Number(row?.n);
    },
    close: () => db.close(),
  };
}

/** Scattered, as ids of people are; the same number is always the same person. */
export const idOf = (n: number): string => {
  const hex = (n + 1).toString(16).padStart(12, '0');
  const mixed = (Math.imul(n + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  return `${mixed}-0000-4000-8000-${hex}`;
};

/** The forest as a table `people_n`, which `seedForest` makes people and edges of. */
export async function plantForest(client: pg.Client, forest: RepostForest): Promise<void> {
  await client.query('CREATE TABLE people_n (n int PRIMARY KEY, id uuid NOT NULL, inviter int)');
  await client.query('INSERT INTO people_n SELECT * FROM unnest($1::int[], $2::uuid[], $3::int[])', [
    Array.from(forest.inviters.keys()),
    Array.from(forest.inviters.keys(), idOf),
    Array.from(forest.inviters, (inviter) => (inviter === -1 ? null : inviter)),
  ]);
  await client.query('CREATE INDEX ON people_n (inviter)');
}

/** Stores, a room and a link each, people and edges by `people_n`, and orders. A tree is mostly of one store. */
export async function seedForest(run: (text: string) => Promise<void>): Promise<void> {
  const tables = ['people', 'invite_edges', 'orders'];
  const sql = [
    ...tables.map((table) => `ALTER TABLE ${table} DISABLE TRIGGER USER`),
    `INSERT INTO org_units (id, kind, path, name, created_at) VALUES (gen_random_uuid(), 'hq', 'measured', '总部', now())`,
    `INSERT INTO org_units (id, kind, path, name, created_at)
      SELECT gen_random_uuid(), 'store', 'measured.s' || n, '门店 ' || n, now() FROM generate_series(0, ${STORES - 1}) n`,
    `INSERT INTO people (id, kind, name, created_at) SELECT id, CASE WHEN n % 5 = 0 THEN 'guest' ELSE 'consumer' END, '顾客', now() - interval '100 days' FROM people_n`,
    `INSERT INTO rooms (id, org_unit_id, org_path, host_id, title, cover_url, state, stream_id, started_at, ended_at, created_at)
      SELECT gen_random_uuid(), u.id, u.path, (SELECT id FROM people LIMIT 1), '直播', '', 'ended', gen_random_uuid(), now(), now(), now()
      FROM org_units u WHERE u.kind = 'store' AND u.path LIKE 'measured.%'`,
    `INSERT INTO share_links (id, sharer_id, room_id, channel, created_at) SELECT gen_random_uuid(), host_id, id, 'copy', now() FROM rooms WHERE org_path LIKE 'measured.%'`,
    `INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
      SELECT gen_random_uuid(), l.id, sharer_id, sharer_id, room_id, 'copy', now(), '', '', now() FROM share_links l JOIN rooms r ON r.id = l.room_id
      WHERE r.org_path LIKE 'measured.%'`,
    `WITH RECURSIVE trees AS (SELECT n, n AS root FROM people_n WHERE inviter IS NULL
        UNION ALL SELECT p.n, root FROM trees JOIN people_n p ON p.inviter = trees.n),
      homes AS (SELECT t.id, row_number() OVER (ORDER BY t.id) - 1 AS no FROM touches t JOIN rooms r ON r.id = t.room_id
        WHERE r.org_path LIKE 'measured.%')
      INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at)
      SELECT p.id, i.id, h.id, now() - interval '1 day' * (p.n % 100)
      FROM people_n p JOIN people_n i ON i.n = p.inviter JOIN trees t ON t.n = p.n
      JOIN homes h ON h.no = (CASE WHEN p.n % 10 = 0 THEN p.n ELSE t.root END) % ${STORES}`,
    `INSERT INTO orders (id, order_no, person_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen, total_fen, paid_fen,
        refunded_fen, address, placed_at, expires_at, paid_at)
      SELECT o.id, o.id, p.id, u.id, u.path, 'paid', 9900, 0, 0, 9900, 9900, CASE WHEN p.n % 13 = 0 THEN 9900 ELSE 0 END, '{}', at, at, at
      FROM people_n p JOIN LATERAL (SELECT gen_random_uuid() AS id, now() - interval '1 day' * (p.n % 90) AS at, k FROM generate_series(0, p.n % 3) k) o
        ON p.n % 100 < ${BUYERS_PERCENT}
      JOIN (SELECT id, path, row_number() OVER (ORDER BY path) - 1 AS no FROM org_units WHERE kind = 'store' AND path LIKE 'measured.%') u ON u.no = p.n % ${STORES}`,
    ...tables.map((table) => `ALTER TABLE ${table} ENABLE TRIGGER USER`),
    'ANALYZE',
  ];
  for (const statement of sql) await run(statement);
}
