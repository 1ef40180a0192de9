/**
 * Everything is lost and comes back: a product with orders, a ledger and a replay is backed up while it runs, its data are
 * deleted, and the backup is put into an empty place. A damaged backup and a place that is not empty are refused. Then the
 * product starts there: orders, balances and the replay are as they were, the books agree, and it sells on.
 */
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { listProducts } from '@walnut-live/contracts';
import pg from 'pg';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedPostgres, startPostgres } from '../../scripts/embedded-postgres.ts';
import { waitUntil } from '../../scripts/processes.ts';
import { type Product, startProduct } from '../../scripts/run/product.ts';
import { loadSecrets } from '../../scripts/run/secrets.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { prepare } from '../../scripts/setup/prepare.ts';
import { auditBooks, withDatabase } from '../kit/audit.ts';
import { type BusyPerson, everybodyGetsOn, startBusyPerson } from '../kit/busy-people.ts';
import { launchChromium } from '../kit/chromium.ts';
import { type CodedCamera, makeCodedCamera } from '../kit/coded-camera.ts';
import { staffMember } from '../kit/online-person.ts';
import { goLive, newPerson, type Person, pinProduct, signInToStudio } from '../kit/people.ts';
import { seesMovingPicture } from '../kit/picture.ts';

const run = promisify(execFile);
const PATH = [process.env.POSTGRES_TOOLS, process.env.PATH].filter(Boolean).join(delimiter);
const GUIDE = 'hangzhou-guide';
const VIDEO = '[data-testid="replay-video"]';
const PROCESSED_WITHIN_MS = 90_000;
const SERVER_MAJOR = 18;

const whyNot = await run('pg_dump', ['--version'], { env: { PATH } }).then(
  ({ stdout }) => {
    const major = Number(/(\d+)(?:\.\d+)?/.exec(stdout)?.[1]);
    return major >= SERVER_MAJOR ? undefined : `pg_dump here is ${major}, the server ${SERVER_MAJOR}`;
  },
  () => 'no pg_dump here',
);
if (whyNot)
  console.info(`The restore is not tried: ${whyNot}. POSTGRES_TOOLS names a folder with pg_dump, pg_restore and psql.`);

let home: string;
let browser: Browser;
let camera: CodedCamera;
let product: Product | undefined;
let postgres: EmbeddedPostgres | undefined;

beforeAll(async () => {
  if (whyNot) return;
  home = mkdtempSync(join(tmpdir(), 'walnut-live-restore-'));
  camera = await makeCodedCamera(join(home, 'guide.y4m'), 7_300_000, { width: 640 });
  browser = await launchChromium({ fakeVideoFile: camera.videoFile });
});
afterAll(async () => {
  await browser?.close();
  await product?.stop();
  await postgres?.stop();
  if (home) rmSync(home, { recursive: true, force: true });
});

const start = async (dataDir: string): Promise<Product> =>
  startProduct({
    dataDir,
    prepared: await prepare({ forTests: true, apps: true }),
    unusualPorts: true,
    env: { AUTH_RATE_PER_MINUTE: '600', ADDRESS_RATE_FACTOR: '100' },
  });

interface Told {
  code: number;
  stdout: string;
  stderr: string;
}
const script = (name: string, args: string[], env: Record<string, string>): Promise<Told> =>
  run('sh', [join(ROOT, 'ops/backup', name), ...args], { env: { PATH, ...env }, timeout: 300_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Told) => ({ code, stdout, stderr }),
  );

/** What must be the same afterwards, to the fen. */
const books = (databaseUrl: string) =>
  withDatabase(databaseUrl, async ({ sql }) => ({
    orders: await sql`SELECT order_no, state, paid_fen, paid_at FROM orders ORDER BY order_no`,
    balances: await sql`SELECT kind, owner, balance_fen, entry_count FROM ledger_accounts ORDER BY kind, owner`,
    entries: await sql`SELECT id, amount_fen, current_fen FROM ledger_entries ORDER BY id`,
    stocks: await sql`SELECT sku_id, org_unit_id, reserved FROM stocks ORDER BY sku_id, org_unit_id`,
    rooms: await sql`SELECT id, title, state FROM rooms ORDER BY id`,
  }));

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();

async function replayPlays(origin: string, roomId: string, shot: string): Promise<void> {
  const viewer = await newPerson(browser, { folder: 'restore' });
  await viewer.page.goto(`${origin}/r/${roomId}/replay`);
  await viewer.page.getByTestId('replay-video').waitFor({ timeout: PROCESSED_WITHIN_MS });
  await viewer.page.evaluate(
    `(async () => {
      const v = document.querySelector('${VIDEO}');
      v.muted = true;
      if (v.readyState < 3) await new Promise((ready) => v.addEventListener('canplay', ready, { once: true }));
      await v.play();
    })()`,
  );
  await seesMovingPicture(viewer.page, camera.owns, { timeoutMs: 60_000, selector: VIDEO });
  await viewer.shot(shot);
  expect(viewer.faults).toEqual([]);
  await viewer.page.context().close();
}

async function endLive({ page }: Person): Promise<void> {
  await page.getByRole('button', { name: '结束直播', exact: true }).click();
  await page
    .getByRole('alertdialog')
    .or(page.getByRole('dialog'))
    .getByRole('button', { name: '结束直播' })
    .last()
    .click();
}

test.skipIf(whyNot !== undefined)(
  'a backup, put into an empty place, is the product',
  { timeout: 900_000 },
  async () => {
    const first = join(home, 'first');
    const second = join(home, 'second');
    const backups = join(home, 'backups');
    product = await start(first);
    const { demoPassword } = product;

    // ── a live with a sale, and its replay ─────────────────────────────────────────────────────────────────────────────
    const guide = await newPerson(browser, { folder: 'restore' });
    await signInToStudio(guide, product.origin, GUIDE, demoPassword);
    const roomId = await goLive(guide, '丢不了的一场');
    const staff = await staffMember(product.origin, GUIDE, demoPassword);
    const { items } = await staff.call(listProducts, {});
    const simple = items.find(({ skus }) => skus.length === 1);
    const sku = simple?.skus[0];
    if (!simple || !sku) throw new Error('the demo brand has no simple product');
    await pinProduct(guide, simple.title);
    const line = { skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen };
    const buyers: BusyPerson[] = [];
    for (const index of [1, 2, 3]) buyers.push(await startBusyPerson(product.origin, index, roomId, line));
    await everybodyGetsOn(buyers, 3);

    // While everybody talks and buys: what is in it agrees with itself, wherever the moment fell.
    const env = {
      DATABASE_URL: product.databaseUrl,
      RECORDINGS_DIR: join(first, 'media', 'recordings'),
      BACKUP_DIR: backups,
    };
    const during = await script('backup.sh', [], env);
    expect(during).toMatchObject({ code: 0 });
    await Promise.all(buyers.map((buyer) => buyer.stop()));
    for (const { session } of buyers) session.close();
    await endLive(guide);
    await guide.page.context().close();
    await replayPlays(product.origin, roomId, 'before');

    // ── the backup, and the end of everything else ─────────────────────────────────────────────────────────────────────
    const metrics = join(home, 'backup.prom');
    const made = await script('backup.sh', [], { ...env, METRICS_FILE: metrics });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const backup = made.stdout.trim();
    expect(await script('check.sh', [], env)).toMatchObject({ code: 0 });
    expect(existsSync(metrics)).toBe(true);
    await waitUntil('nothing is in the outbox', 30_000, async () =>
      withDatabase(product?.databaseUrl ?? '', async ({ sql }) => {
        const [row] = await sql<{ n: bigint }>`SELECT count(*) AS n FROM outbox WHERE published_at IS NULL`;
        return row?.n === 0n;
      }),
    );
    const before = await books(product.databaseUrl);
    const recorded = filesBelow(env.RECORDINGS_DIR);
    expect(before.orders.length).toBeGreaterThanOrEqual(9);
    expect(before.entries.length).toBeGreaterThan(0);
    expect(recorded.length).toBeGreaterThan(5);
    expect(await auditBooks(product.databaseUrl)).toEqual([]);
    await product.stop();
    product = undefined;
    mkdirSync(second, { mode: 0o700 });
    cpSync(join(first, 'secrets.json'), join(second, 'secrets.json')); // what .env is in a deployment: kept elsewhere
    rmSync(first, { recursive: true });

    // ── an empty place ─────────────────────────────────────────────────────────────────────────────────────────────────
    mkdirSync(join(second, 'logs'));
    postgres = await startPostgres({
      dataDir: join(second, 'postgres'),
      password: loadSecrets(second).POSTGRES_PASSWORD,
      logFile: join(second, 'logs', 'postgres.log'),
    });
    const admin = new pg.Client({ connectionString: postgres.url() });
    await admin.connect();
    await admin.query('CREATE DATABASE walnut_live');
    await admin.end();
    const place = {
      DATABASE_URL: postgres.url('walnut_live'),
      RECORDINGS_DIR: join(second, 'media', 'recordings'),
      TMPDIR: home,
    };
    const restore = (from: string) => script('restore.sh', [from], place);

    // Damage is found before anything is written.
    const damaged = join(backups, 'damaged');
    cpSync(backup, damaged, { recursive: true });
    truncateSync(join(damaged, 'database.dump'), statSync(join(damaged, 'database.dump')).size - 1);
    expect(await restore(damaged)).toMatchObject({ code: 1, stderr: expect.stringContaining('is damaged') });
    rmSync(damaged, { recursive: true });
    const picture = join(backups, 'media', filesBelow(join(backups, 'media'))[0] ?? '');
    const whole = join(home, 'whole');
    cpSync(picture, whole);
    appendFileSync(picture, 'x');
    expect(await restore(backup)).toMatchObject({ code: 1, stderr: expect.stringContaining('are damaged') });
    cpSync(whole, picture);

    expect(await restore(backup)).toMatchObject({ code: 0, stdout: expect.stringContaining('restored') });
    expect(await restore(backup)).toMatchObject({ code: 1, stderr: expect.stringContaining('database is not empty') });
    expect(filesBelow(place.RECORDINGS_DIR)).toEqual(recorded);
    await postgres.stop();
    postgres = undefined;

    // ── the product again ──────────────────────────────────────────────────────────────────────────────────────────────
    product = await start(second);
    expect(product.demoPassword).toBe(demoPassword);
    const after = await books(product.databaseUrl);
    expect(after.orders).toEqual(before.orders);
    expect(after.balances).toEqual(before.balances);
    expect(after.entries).toEqual(before.entries);
    expect(after.stocks).toEqual(before.stocks);
    expect(after.rooms).toEqual(before.rooms);
    expect(await auditBooks(product.databaseUrl)).toEqual([]);
    await replayPlays(product.origin, roomId, 'after');
    const later = await startBusyPerson(product.origin, 9, roomId, line);
    try {
      await waitUntil('it sells on', 60_000, () => later.orders.some(({ paid }) => paid));
    } finally {
      await later.stop();
      later.session.close();
    }
    expect(await auditBooks(product.databaseUrl)).toEqual([]);

    // The one that was made while people bought agrees with itself too.
    const third = new pg.Client({ connectionString: product.databaseUrl });
    await third.connect();
    await third.query('CREATE DATABASE of_that_moment');
    await third.end();
    const ofThatMoment = new URL(product.databaseUrl);
    ofThatMoment.pathname = '/of_that_moment';
    const again = { DATABASE_URL: ofThatMoment.href, RECORDINGS_DIR: join(home, 'third') };
    expect(await script('restore.sh', [during.stdout.trim()], again)).toMatchObject({ code: 0 });
    expect(await auditBooks(ofThatMoment.href)).toEqual([]);
  },
);
