/**
 * `./live start` loses its supervisor to kill -9 in the middle of business: nothing it started is left, and the next start
 * has every room, message, order and fen. Ctrl-C then ends the whole family as well.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createRoom,
  getOrder,
  joinRoom,
  listProducts,
  payOrder,
  placeOrder,
  settleSandbox,
  startRoom,
} from '@walnut-live/contracts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { auditLedger } from '../../api/src/ledger/ledger-audit.ts';
import { isAlive, waitUntil } from '../../scripts/processes.ts';
import { loadSecrets } from '../../scripts/run/secrets.ts';
import { auditBooks, withDatabase } from '../kit/audit.ts';
import { type LiveStart, liveStart } from '../kit/live-command.ts';
import { consumer, enterRoom, staffMember } from '../kit/online-person.ts';
import { homeAddress } from '../kit/people.ts';
import { descendantsOf } from '../kit/processes.ts';

const PHONE = '13700000041';
const GONE_TIMEOUT_MS = 30_000;
/** One of each kind that a running product has; the demo feed's ffmpeg comes last. */
const FAMILY = [
  /media-server\/src\/main/,
  /mediasoup-worker/,
  /api\/src\/main/,
  /gateway\/main/,
  /postgres/,
  /demo-feed\/main/,
  /ffmpeg/,
];

let dataDir: string;
let live: LiveStart | undefined;

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'walnut-live-start-stop-'));
});
afterEach(async () => {
  if (live?.process.exitCode === null && live.process.signalCode === null) await live.interrupt();
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** The ids of everything that was started, once the whole family is there. */
async function family({ record }: LiveStart): Promise<number[]> {
  await waitUntil('every kind of process runs', 60_000, () => {
    const commands = descendantsOf(record.pid).map(({ command }) => command);
    return FAMILY.every((kind) => commands.some((command) => kind.test(command)));
  });
  return [record.pid, ...descendantsOf(record.pid).map(({ pid }) => pid)];
}

/** Milliseconds until none of them is left. */
async function untilGone(pids: readonly number[]): Promise<number> {
  const startedAt = performance.now();
  await waitUntil('nothing is left running', GONE_TIMEOUT_MS, () => !pids.some(isAlive));
  return Math.round(performance.now() - startedAt);
}

/** The database of the running product; its port is chosen anew at every start. */
function databaseUrl(): string {
  const port = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[3];
  return `postgresql://walnut:${encodeURIComponent(loadSecrets(dataDir).POSTGRES_PASSWORD)}@127.0.0.1:${port}/walnut_live`;
}

test('kill -9 leaves nothing running and takes nothing back; so does Ctrl-C', { timeout: 600_000 }, async () => {
  live = await liveStart(dataDir);
  const { origin, seed } = live.record;
  const guide = await staffMember(origin, 'hangzhou-guide', loadSecrets(dataDir).DEMO_PASSWORD);
  const product = (await guide.call(listProducts, {})).items.find(({ skus }) => skus.length === 1);
  const sku = product?.skus[0];
  if (!product || !sku) throw new Error('the demo brand has no simple product');
  const { id: roomId } = await guide.call(createRoom, { body: { title: '断电也不丢单', productIds: [product.id] } });
  await guide.call(startRoom, { params: { id: roomId }, body: {} });

  const buyer = await consumer(origin, '小满', PHONE);
  const session = await enterRoom(buyer, roomId);
  session.sendChat('断电之前说的话');
  await waitUntil('the message is acknowledged', 20_000, () => session.get().outbox.length === 0);
  session.close();
  const place = () =>
    buyer.call(placeOrder, {
      body: { roomId, lines: [{ skuId: sku.id, quantity: 2, seenPriceFen: sku.priceFen }], address: homeAddress },
      idempotencyKey: randomUUID(),
    });
  const unpaid = await place();
  const { id: paidId } = await place();
  const { paymentId } = await buyer.call(payOrder, {
    params: { id: paidId },
    body: { provider: 'sandbox' },
    idempotencyKey: randomUUID(),
  });
  await buyer.call(settleSandbox, { params: { paymentId }, body: { outcome: 'captured' } });
  let paid = await buyer.call(getOrder, { params: { id: paidId } });
  await waitUntil('the payment has arrived', 30_000, async () => {
    paid = await buyer.call(getOrder, { params: { id: paidId } });
    return paid.state === 'paid';
  });
  const books = await withDatabase(databaseUrl(), auditLedger);
  expect(books).toMatchObject({ ok: true });
  expect(books.transfers).toBeGreaterThan(0);

  const first = await family(live);
  process.kill(live.record.pid, 'SIGKILL');
  console.info(
    `kill -9 of the supervisor: its ${first.length - 1} processes were gone after ${await untilGone(first)} ms`,
  );

  const startedAt = performance.now();
  live = await liveStart(dataDir);
  console.info(`the start after it took ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  expect(live.record.seed).toEqual(seed);
  const again = await consumer(live.record.origin, '小满', PHONE);
  expect(await again.call(getOrder, { params: { id: unpaid.id } })).toEqual(unpaid);
  expect(await again.call(getOrder, { params: { id: paidId } })).toEqual(paid);
  const { room, snapshot } = await again.call(joinRoom, { params: { id: roomId }, body: {} });
  expect(room).toMatchObject({ state: 'live', title: '断电也不丢单' });
  expect(snapshot.chat.map(({ text }) => text)).toEqual(['断电之前说的话']);
  expect(await withDatabase(databaseUrl(), auditLedger)).toEqual(books);
  expect(await auditBooks(databaseUrl())).toEqual([]);

  const second = await family(live);
  expect(await live.interrupt()).toBe(0);
  await untilGone(second);
  expect(existsSync(join(dataDir, 'run.json'))).toBe(false);
});
