import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RushOptions, RushReport } from 'k6/x/swarm';
import { auditOrders } from '../../api/src/features/orders/index.ts';
import { systemClock, systemRandom } from '../../api/src/platform/clock.ts';
import { createDb } from '../../api/src/platform/db.ts';
import { createTokens } from '../../api/src/platform/tokens.ts';
import type { BareContext, BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { runCommand } from '../../scripts/setup/run-command.ts';
import { findProgram } from '../../scripts/setup/system-packages.ts';
import { LOAD_CORE, onCore } from '../lib/servers-process.ts';
import {
  cpuSecondsOf,
  PRICE_FEN,
  restock,
  type Shop,
  type ShopDatabase,
  startNaiveShop,
  startOurShop,
  startShopDatabase,
  writePgbenchScript,
} from '../lib/shop-servers.ts';

interface Plan {
  buyers: number;
  warmSeconds: number;
  windowSeconds: number;
  /** Pieces of the run that sells out while everybody taps. */
  lastPieces: number;
}
const PLAN: Plan = { buyers: 2_000, warmSeconds: 4, windowSeconds: 12, lastPieces: 5_000 };
const QUICK: Plan = { buyers: 50, warmSeconds: 0.5, windowSeconds: 1.5, lastPieces: 100 };
const PLENTY = 100_000_000;
const PGBENCH_CLIENTS = 20;

interface Measured {
  shop: string;
  perSecond: number;
  p95Ms: number;
  /** Milliseconds of CPU and bytes of WAL, each. */
  shopCpuMs: number;
  databaseCpuMs: number;
  walBytes: number;
}

export const scenario: BareScenario = {
  name: 'hot-sku',
  title: 'orders of one SKU by 2,000 buyers: accepted, and told that it is sold out, per second',
  bare: true,
  async run(context) {
    const plan = context.quick ? QUICK : PLAN;
    const database = await startShopDatabase(context, plan.buyers);
    try {
      const tokens = await writeTokens(context, database);
      const naive = context.withPeers
        ? await withShop(startNaiveShop(context, database), (shop) =>
            accepting({ context, database, tokens, plan, shop }),
          )
        : null;
      const ours = await withShop(startOurShop(context, database), async (shop) => {
        const all = { context, database, tokens, plan, shop };
        const accepted = await accepting(all);
        await sellingOut(all);
        return { accepted, soldOut: await soldOut(all) };
      });
      return figuresOf({ naive, ...ours, pgbench: context.withPeers ? await pgbench(context, database, plan) : null });
    } finally {
      await database.stop();
    }
  },
};

interface Run {
  context: BareContext;
  database: ShopDatabase;
  tokens: string;
  plan: Plan;
  shop: Shop;
}

async function withShop<T>(starting: Promise<Shop>, work: (shop: Shop) => Promise<T>): Promise<T> {
  const shop = await starting;
  try {
    return await work(shop);
  } finally {
    await shop.stop();
  }
}

/** Tokens as signing in gives them. */
async function writeTokens(context: BareContext, database: ShopDatabase): Promise<string> {
  const issuer = createTokens({
    ...{ authSecret: database.secret, mediaSecret: database.secret },
    ...{ clock: systemClock, random: systemRandom },
  });
  const tokens = await Promise.all(
    database.buyers.map((personId) => issuer.access({ personId, kind: 'consumer', name: '买家' })),
  );
  const file = join(context.dataDir, 'tokens.json');
  writeFileSync(file, JSON.stringify(tokens));
  return file;
}

async function crowd({ context, database, tokens, plan, shop }: Run): Promise<RushReport> {
  const { roomId, skuId } = database.goods;
  const rush: RushOptions = {
    url: `${shop.origin}/api/v1/orders`,
    tokensFile: tokens,
    body: JSON.stringify({
      roomId,
      lines: [{ skuId, quantity: 1, seenPriceFen: PRICE_FEN }],
      address: {
        ...{ recipient: '压测', phone: '13900000000', province: '浙江省', city: '杭州市', district: '西湖区' },
        street: '文三路 1 号',
      },
    }),
    ...{ warmSeconds: plan.warmSeconds, windowSeconds: plan.windowSeconds },
    processes: [shop.pid],
  };
  const { reports } = await context.swarm(
    'load-tests/k6/hot-sku.ts',
    { RUSH: JSON.stringify(rush) },
    onCore(LOAD_CORE),
  );
  const [report] = reports as RushReport[];
  if (!report) throw new Error(`${shop.name}: the crowd reported nothing`);
  return report;
}

/** The crowd against a shop, with what it cost; throws when anything but a yes or a "sold out" was answered. */
async function measured(run: Run, metric: 'accepted' | 'refused'): Promise<Measured> {
  const { database, shop } = run;
  const wal = async (): Promise<bigint> => {
    const { rows } = await database.client.query(`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text AS bytes`);
    return BigInt(rows[0].bytes);
  };
  const [rowsBefore, walBefore] = [await ordersOf(database), await wal()];
  const databaseBefore = cpuSecondsOf(database.postgres.pid);
  const report = await crowd(run);
  const databaseSeconds = cpuSecondsOf(database.postgres.pid) - databaseBefore;
  if (report.failed > 0) throw new Error(`${shop.name}: ${report.failed} of ${report.total} requests failed`);
  const done = (await ordersOf(database)) - rowsBefore;
  if (done !== report.totalAccepted)
    throw new Error(`${shop.name}: ${done} orders, but ${report.totalAccepted} were granted`);
  await expectNothingOversold(run);
  const answered = report[metric];
  // The database's processes come and go, so its cost is of the whole run and shared by all that was done in it.
  const all = metric === 'accepted' ? done : report.total;
  const result = {
    shop: shop.name,
    perSecond: answered / report.seconds,
    p95Ms: report.p95,
    shopCpuMs: (1000 * (report.processSeconds[shop.pid] ?? Number.NaN)) / answered,
    databaseCpuMs: (1000 * databaseSeconds) / all,
    walBytes: Number((await wal()) - walBefore) / all,
  };
  run.context.say(
    `${shop.name}: ${result.perSecond.toFixed(0)} ${metric}/s, p95 ${result.p95Ms.toFixed(0)} ms, CPU ${result.shopCpuMs.toFixed(2)} + ${result.databaseCpuMs.toFixed(2)} ms, ${result.walBytes.toFixed(0)} B of WAL each`,
  );
  return result;
}

async function ordersOf({ client }: ShopDatabase): Promise<number> {
  const { rows } = await client.query('SELECT count(*)::int AS orders FROM orders');
  return rows[0].orders;
}

/** What is held is what was ordered, and not more than there is. */
async function expectNothingOversold({ database, shop }: Run): Promise<void> {
  const { rows } = await database.client.query(
    `SELECT s.on_hand, s.reserved, (SELECT coalesce(sum(quantity), 0)::int FROM order_items i WHERE i.sku_id = s.sku_id) AS ordered
     FROM stocks s WHERE s.sku_id = $1`,
    [database.goods.skuId],
  );
  const { on_hand, reserved, ordered } = rows[0];
  if (reserved !== ordered || reserved > on_hand)
    throw new Error(`${shop.name}: ${on_hand} there, ${reserved} held, ${ordered} ordered`);
}

async function accepting(run: Run): Promise<Measured> {
  await restock(run.database, PLENTY);
  return measured(run, 'accepted');
}

async function soldOut(run: Run): Promise<Measured> {
  await restock(run.database, 0);
  return measured(run, 'refused');
}

/** The last pieces, while everybody taps: exactly those are sold, and the books agree. */
async function sellingOut(run: Run): Promise<void> {
  const { context, database, plan } = run;
  const before = await ordersOf(database);
  await restock(database, plan.lastPieces);
  await crowd(run);
  const sold = (await ordersOf(database)) - before;
  await expectNothingOversold(run);
  // The auditor looks at everything at once, for which a shop's own connections have no time.
  const db = createDb({
    url: `${database.url}?options=-c%20statement_timeout%3D0`,
    poolSize: 1,
    onError: () => undefined,
  });
  try {
    const differences = await auditOrders(db);
    if (differences.length > 0) throw new Error(differences.slice(0, 10).join('\n'));
  } finally {
    await db.close();
  }
  if (sold !== plan.lastPieces && !context.quick) throw new Error(`${sold} of ${plan.lastPieces} pieces were sold`);
  context.say(`the last ${plan.lastPieces} pieces: ${sold} sold, auditor: 0 differences`);
}

interface Pgbench {
  perSecond: number;
  version: string;
}
/** One conditional update a transaction: the database alone, without a shop around it. */
async function pgbench(context: BareContext, database: ShopDatabase, plan: Plan): Promise<Pgbench | null> {
  const program = findProgram('pgbench');
  if (!program) return null;
  await restock(database, PLENTY);
  const output = await runCommand(program, [
    ...['-n', '-M', 'prepared', '-c', String(PGBENCH_CLIENTS), '-j', '1', '-T', String(Math.ceil(plan.windowSeconds))],
    ...['-f', writePgbenchScript(context, database), database.url],
  ]);
  const perSecond = Number(/tps = ([\d.]+)/.exec(output)?.[1]);
  context.say(`pgbench: ${perSecond.toFixed(0)} conditional updates/s of the same row`);
  return { perSecond, version: (await runCommand(program, ['--version'])).trim() };
}

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

function figuresOf(all: {
  naive: Measured | null;
  accepted: Measured;
  soldOut: Measured;
  pgbench: Pgbench | null;
}): Figure[] {
  const { naive, accepted, soldOut, pgbench: bare } = all;
  const peer = (read: (one: Measured) => number) =>
    naive ? [{ name: naive.shop, version: 'load-tests/peers/naive-orders.ts', value: read(naive) }] : [];
  const cost = (id: string, what: string, unit: string, read: (one: Measured) => number, digits: number): Figure => ({
    ...{ id: `P5.${id}`, what, unit, betterIs: 'lower', value: round(read(accepted), digits) },
    peers: peer((one) => round(read(one), digits)),
  });
  return [
    {
      id: 'P5',
      what: 'orders of one SKU accepted per second, 2,000 buyers, whole HTTP path, one process',
      value: round(accepted.perSecond),
      unit: '1/s',
      betterIs: 'higher',
      ...(naive ? { reach: round(3 * naive.perSecond), farGoal: round(10 * naive.perSecond) } : {}),
      peers: [
        ...peer((one) => round(one.perSecond)),
        ...(bare
          ? [{ name: 'pgbench, one conditional UPDATE', version: bare.version, value: round(bare.perSecond) }]
          : []),
      ],
      note: `${naive ? `${(accepted.perSecond / naive.perSecond).toFixed(1)} times the row lock; ` : ''}ours decides credit, checks offers and limits and tells the room besides; nothing oversold in any run`,
    },
    {
      id: 'P5b',
      what: '"sold out" answers per second',
      ...{ value: round(soldOut.perSecond), unit: '1/s', betterIs: 'higher', reach: 5_000, farGoal: 20_000 },
      note: `p95 ${soldOut.p95Ms.toFixed(0)} ms with all 2,000 waiting; ${soldOut.shopCpuMs.toFixed(2)} ms of the shop's CPU and ${soldOut.databaseCpuMs.toFixed(2)} of the database's each`,
    },
    cost('p95', 'order answered, with 2,000 waiting all the time, p95', 'ms', (one) => one.p95Ms, 0),
    cost('cpu-shop', 'CPU of the shop for an order', 'ms', (one) => one.shopCpuMs, 2),
    cost('cpu-database', 'CPU of the database for an order', 'ms', (one) => one.databaseCpuMs, 2),
    cost('wal', 'WAL for an order', 'bytes', (one) => one.walBytes, 0),
  ];
}
