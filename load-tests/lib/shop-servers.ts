/**
 * Servers that sell one hot SKU to the same crowd, on one database server: our api alone, and a naive shop. PostgreSQL runs
 * where the system puts it; the shop has a core of its own, the crowd the other one.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../api/src/platform/migrate.ts';
import type { BareContext } from '../../scripts/bench/scenario.ts';
import { type EmbeddedPostgres, startPostgres } from '../../scripts/embedded-postgres.ts';
import { freePort, waitUntil } from '../../scripts/processes.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { childrenOf, startServer } from './servers-process.ts';

const READY_TIMEOUT_MS = 30_000;
const DATABASE = 'shop';
/** Clock ticks of /proc a second, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
export const PRICE_FEN = 9_900;

export interface Goods {
  readonly roomId: string;
  readonly skuId: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
}
export interface ShopDatabase {
  readonly postgres: EmbeddedPostgres;
  readonly url: string;
  readonly client: pg.Client;
  readonly goods: Goods;
  readonly secret: string;
  /** Ids of the buyers. */
  readonly buyers: readonly string[];
  stop(): Promise<void>;
}
export interface Shop {
  readonly name: string;
  readonly origin: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A database with one live room, one SKU in its bag, and so many customers. */
export async function startShopDatabase(context: BareContext, people: number): Promise<ShopDatabase> {
  const postgres = await startPostgres({
    dataDir: join(context.dataDir, randomUUID()),
    password: randomBytes(24).toString('base64url'),
    settings: { shared_buffers: '256MB', max_connections: '120' },
  });
  const admin = new pg.Client({ connectionString: postgres.url() });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  await admin.end();
  const url = postgres.url(DATABASE);
  await migrate(url, join(ROOT, 'api/prisma/migrations'));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const goods: Goods = { roomId: randomUUID(), skuId: randomUUID(), orgUnitId: randomUUID(), orgPath: 'measured' };
  const buyers = await seed(client, goods, people);
  await client.query('ANALYZE people'); // as autovacuum has done it long ago where people sell
  return {
    ...{ postgres, url, client, goods, buyers, secret: randomBytes(32).toString('hex') },
    async stop() {
      await client.end();
      await postgres.stop();
    },
  };
}

async function seed(client: pg.Client, goods: Goods, people: number): Promise<string[]> {
  const [host, product] = [randomUUID(), randomUUID()];
  await client.query(
    `INSERT INTO org_units (id, kind, path, name, created_at) VALUES ($1, 'store', $2, '门店', now())`,
    [goods.orgUnitId, goods.orgPath],
  );
  await client.query(`INSERT INTO people (id, kind, name, created_at) VALUES ($1, 'staff', '导购', now())`, [host]);
  await client.query(
    `INSERT INTO rooms (id, org_unit_id, org_path, host_id, title, cover_url, state, stream_id, started_at, created_at)
     VALUES ($1, $2, $3, $4, '压测', '', 'live', $1, now(), now())`,
    [goods.roomId, goods.orgUnitId, goods.orgPath, host],
  );
  await client.query(
    `INSERT INTO products (id, title, subtitle, description, picture_url, role, status, created_at, updated_at)
     VALUES ($1, '核桃', '', '', '/pictures/none.svg', 'main', 'on_sale', now(), now())`,
    [product],
  );
  await client.query(`INSERT INTO skus (id, product_id, name, price_fen) VALUES ($1, $2, '500 克', $3)`, [
    ...[goods.skuId, product, PRICE_FEN],
  ]);
  await client.query(
    `INSERT INTO stocks (sku_id, org_unit_id, org_path, on_hand, updated_at) VALUES ($1, $2, $3, 0, now())`,
    [goods.skuId, goods.orgUnitId, goods.orgPath],
  );
  await client.query(`INSERT INTO bag_items (room_id, product_id, position) VALUES ($1, $2, 0)`, [
    ...[goods.roomId, product],
  ]);
  const made = await client.query<{ id: string }>(
    `INSERT INTO people (id, kind, name, created_at)
     SELECT gen_random_uuid(), 'consumer', '买家', now() FROM generate_series(1, $1::int) RETURNING id`,
    [people],
  );
  return made.rows.map(({ id }) => id);
}

/** So many pieces to sell from now on, beside what is reserved. */
export async function restock({ client, goods }: ShopDatabase, pieces: number): Promise<void> {
  await client.query('UPDATE stocks SET on_hand = reserved + $2 WHERE sku_id = $1', [goods.skuId, pieces]);
}

const answers = async (url: string): Promise<boolean> => (await fetch(url)).ok;
async function started(
  name: string,
  origin: string,
  path: string,
  shop: ReturnType<typeof startServer>,
): Promise<Shop> {
  try {
    await waitUntil(`${name} is ready`, READY_TIMEOUT_MS, () => {
      if (shop.child.exitCode !== null) throw new Error(`${name} ended before it was ready`);
      return answers(`${origin}${path}`).catch(() => false);
    });
  } catch (error) {
    await shop.stop();
    throw error;
  }
  return { name, origin, pid: shop.pid, stop: shop.stop };
}

export async function startOurShop(
  context: BareContext,
  database: Pick<ShopDatabase, 'url' | 'secret'>,
): Promise<Shop> {
  const port = await freePort();
  const secret = (): string => randomBytes(32).toString('hex');
  const running = startServer(
    [process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'api/src/main.ts')],
    {
      logFile: join(context.dataDir, 'api.log'),
      cwd: join(ROOT, 'api'),
      env: {
        // To look into it: SERVER_NODE_OPTIONS='--cpu-prof --cpu-prof-dir=…'.
        NODE_OPTIONS: process.env.SERVER_NODE_OPTIONS ?? '',
        ...{ NODE_ENV: 'production', PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'warn' },
        ...{ DATABASE_URL: database.url, TRUST_PROXY_HOPS: '1', ADDRESS_RATE_FACTOR: '1000' },
        ...{ AUTH_SECRET: database.secret, MEDIA_TOKEN_SECRET: secret(), SHARE_SECRET: secret() },
        ...{ CONTROL_TOKEN: secret(), SANDBOX_PAYMENT_SECRET: secret() },
        MEDIA_CONTROL_URL: `http://127.0.0.1:${await freePort()}`,
      },
    },
  );
  return started('Walnut Live', `http://127.0.0.1:${port}`, '/readyz', running);
}

export async function startNaiveShop(context: BareContext, database: ShopDatabase): Promise<Shop> {
  const port = await freePort();
  const running = startServer([process.execPath, join(ROOT, 'load-tests/peers/naive-orders.ts')], {
    logFile: join(context.dataDir, 'naive.log'),
    env: { NODE_ENV: 'production', PORT: String(port), DATABASE_URL: database.url, AUTH_SECRET: database.secret },
  });
  return started('row lock per order', `http://127.0.0.1:${port}`, '/readyz', running);
}

/** Seconds of CPU that a process and its children have used. */
export function cpuSecondsOf(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, one) => {
    try {
      const stat = readFileSync(`/proc/${one}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // User and system time, and those of children that ended: fields 14 to 17 of proc(5).
      const ticks = fields.slice(11, 15).reduce((all, field) => all + Number(field), 0);
      return sum + ticks / TICKS_PER_SECOND;
    } catch {
      return sum; // it ended meanwhile
    }
  }, 0);
}

/** A script of pgbench that sells one piece by a conditional update, and nothing else. */
export function writePgbenchScript(context: BareContext, { goods }: ShopDatabase): string {
  const file = join(context.dataDir, 'conditional-update.sql');
  writeFileSync(
    file,
    `UPDATE stocks SET reserved = reserved + 1 WHERE sku_id = '${goods.skuId}' AND reserved + 1 <= on_hand;\n`,
  );
  return file;
}
