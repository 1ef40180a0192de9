/** Writes the demo brand. What is there already is left as people have changed it; only the rooms are brought up to now. */
import { createHash } from 'node:crypto';
import type { Ledger } from '../../src/ledger/index.ts';
import type { Clock, Random } from '../../src/platform/clock.ts';
import type { Sql, Tx } from '../../src/platform/db.ts';
import {
  accounts,
  type DemoProduct,
  type DemoRoom,
  demoOffer,
  demoPin,
  demoRoom,
  HQ,
  products,
  scheduledRooms,
  units,
} from './brand.ts';
import { nextSlot } from './next-slot.ts';

const OFFER_HOURS = 24;
/** An open demo offer is kept as it is while it has this long to run. */
const OFFER_LEFT_HOURS = 12;
const HOUR_MS = 3_600_000;
const BORN_MS = Date.UTC(2026, 0, 1);

/** The same name has the same id in every database: a UUIDv7 (RFC 9562) whose random part is a hash of the name. */
export function seedId(name: string): string {
  const bytes = createHash('sha256').update(`walnut live demo ${name}`).digest().subarray(0, 16);
  bytes.writeUIntBE(BORN_MS, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
const unitId = (path: string) => seedId(`unit ${path}`);
const personId = (username: string) => seedId(`person ${username}`);
const productId = (key: string) => seedId(`product ${key}`);
const skuId = (key: string) => seedId(`sku ${key}`);
const pictureUrl = (key: string) => `/pictures/${key}.svg`;

export async function writeUnits(tx: Tx, at: Date): Promise<void> {
  for (const unit of units) {
    const parent = unit.path.split('.').slice(0, -1).join('.');
    await tx`INSERT INTO org_units (id, parent_id, kind, path, name, legal_name, licence_no, address, service_phone, created_at)
      VALUES (${unitId(unit.path)}, ${parent ? unitId(parent) : null}, ${unit.kind}, ${unit.path}, ${unit.name}, ${unit.legalName ?? ''},
        ${unit.licenceNo ?? ''}, ${unit.address ?? ''}, ${unit.servicePhone ?? ''}, ${at}) ON CONFLICT DO NOTHING`;
  }
}

/** What the first account has for a password now; undefined before the first seed. */
export async function findFirstHash(sql: Sql): Promise<string | undefined> {
  const id = personId(accounts[0]?.username ?? '');
  const [row] = await sql<{ hash: string }>`SELECT password_hash AS hash FROM staff_accounts WHERE person_id = ${id}`;
  return row?.hash;
}

/** `hashes` by user name: new passwords for everybody, or undefined to leave them. */
export async function writeStaff(tx: Tx, at: Date, hashes: ReadonlyMap<string, string> | undefined): Promise<void> {
  for (const { username, name, role, orgPath } of accounts) {
    const id = personId(username);
    await tx`INSERT INTO people (id, kind, name, created_at) VALUES (${id}, 'staff', ${name}, ${at}) ON CONFLICT DO NOTHING`;
    const hash = hashes?.get(username);
    if (hash === undefined) continue;
    await tx`INSERT INTO staff_accounts (person_id, username, password_hash, role, org_unit_id, org_path, created_at)
      VALUES (${id}, ${username}, ${hash}, ${role}, ${unitId(orgPath)}, ${orgPath}, ${at})
      ON CONFLICT (person_id) DO UPDATE SET password_hash = excluded.password_hash`;
  }
}

export async function writeCatalogue(tx: Tx, at: Date): Promise<void> {
  for (const [place, product] of products.entries()) {
    const createdAt = new Date(at.getTime() - place * 1_000); // listed newest first: in the order of the data
    await tx`INSERT INTO products (id, title, subtitle, description, picture_url, role, status, options, created_at, updated_at)
      VALUES (${productId(product.key)}, ${product.title}, ${product.subtitle}, ${product.description}, ${pictureUrl(product.picture)},
        ${product.role}, 'on_sale',
        ${JSON.stringify(optionsOf(product))}::jsonb, ${createdAt}, ${at}) ON CONFLICT DO NOTHING`;
    for (const [position, sku] of product.skus.entries()) {
      await tx`INSERT INTO skus (id, product_id, position, name, price_fen, list_price_fen, list_price_basis, floor_price_fen, option_values)
        VALUES (${skuId(sku.key)}, ${productId(product.key)}, ${position}, ${sku.name}, ${sku.priceFen}, ${sku.listPriceFen ?? null},
          ${sku.listPriceBasis ?? null}, ${sku.floorPriceFen}, ${product.option ? [sku.name] : []}::text[]) ON CONFLICT DO NOTHING`;
      for (const { path, kind } of units) {
        const pieces = path === HQ ? sku.atHq : kind === 'store' ? sku.perStore : undefined;
        if (pieces !== undefined) await writeStock(tx, skuId(sku.key), path, pieces, at);
      }
    }
  }
  await tx`SELECT refresh_product_snapshots(${products.map(({ key }) => productId(key))}::uuid[], ${at})`;
}

const optionsOf = ({ option, skus }: DemoProduct) =>
  option ? [{ name: option, values: skus.map(({ name }) => name) }] : [];

/** What every store may spend on red packets; granted once, whatever is left of it. */
const DEMO_BUDGET_FEN = 100_000n;
export async function writeBudgets(tx: Tx, at: Date, ledger: Ledger): Promise<void> {
  for (const { path, kind } of units) {
    if (kind !== 'store') continue;
    await ledger.postTransfer(tx, {
      kind: 'budget_granted',
      ref: seedId(`budget ${path}`),
      at,
      entries: [
        { account: { kind: 'marketing_expense', owner: unitId(path) }, amountFen: DEMO_BUDGET_FEN },
        { account: { kind: 'marketing_budget', owner: unitId(path) }, amountFen: -DEMO_BUDGET_FEN },
      ],
    });
  }
}

/** Coupons of headquarters, good in every store and together: one to drop in rooms, one for newcomers to claim. */
const DEMO_COUPONS = [
  {
    key: 'drop',
    title: '满 50 减 10',
    offFen: 1_000,
    minSpendFen: 5_000,
    total: 5_000,
    newcomers: false,
    listed: false,
    group: 'brand',
  },
  {
    key: 'new',
    title: '新客满 59 减 8',
    offFen: 800,
    minSpendFen: 5_900,
    total: 5_000,
    newcomers: true,
    listed: true,
    group: 'store',
  },
] as const;
const DEMO_COUPON_DAYS = 30;
export async function writeCoupons(tx: Tx, at: Date): Promise<void> {
  for (const { key, title, offFen, minSpendFen, total, newcomers, listed, group } of DEMO_COUPONS)
    await tx`INSERT INTO coupon_kinds (id, org_unit_id, org_path, title, off_fen, min_spend_fen, valid_days, total, per_person, newcomers_only,
        listed, stacking, stack_group, created_by, created_at)
      VALUES (${seedId(`coupon ${key}`)}, ${unitId(HQ)}, ${HQ}, ${title}, ${offFen}, ${minSpendFen}, ${DEMO_COUPON_DAYS}, ${total}, 1, ${newcomers},
        ${listed}, 'with_others', ${group}, ${personId('hq-operations')}, ${at}) ON CONFLICT DO NOTHING`;
}

async function writeStock(tx: Tx, sku: string, path: string, pieces: number, at: Date): Promise<void> {
  const made = await tx`INSERT INTO stocks (sku_id, org_unit_id, org_path, on_hand, updated_at)
    VALUES (${sku}, ${unitId(path)}, ${path}, ${pieces}, ${at}) ON CONFLICT DO NOTHING RETURNING sku_id`;
  if (made.length === 0) return;
  await tx`INSERT INTO stock_movements (id, sku_id, org_unit_id, delta, reason, ref, at)
    VALUES (${seedId(`stock ${sku} ${path}`)}, ${sku}, ${unitId(path)}, ${pieces}, 'initial', 'demo', ${at})`;
}

async function writeRoom(tx: Tx, id: string, streamId: string, room: DemoRoom, at: Date): Promise<void> {
  await tx`INSERT INTO rooms (id, org_unit_id, org_path, host_id, title, cover_url, state, stream_id, created_at)
    VALUES (${id}, ${unitId(room.orgPath)}, ${room.orgPath}, ${personId(room.host)}, ${room.title}, ${pictureUrl(room.cover)}, 'scheduled', ${streamId}, ${at})`;
  for (const [position, key] of room.bag.entries()) {
    await tx`INSERT INTO bag_items (room_id, product_id, position) VALUES (${id}, ${productId(key)}, ${position})`;
  }
}

/** Rooms nobody has opened yet move on to their next time. */
export async function writeScheduledRooms(tx: Tx, at: Date): Promise<void> {
  for (const room of scheduledRooms) {
    const id = seedId(`room ${room.key}`);
    const known = await tx`SELECT id FROM rooms WHERE id = ${id}`;
    if (known.length === 0) await writeRoom(tx, id, seedId(`stream ${room.key}`), room, at);
    await tx`UPDATE rooms SET scheduled_at = ${nextSlot(at, room)}
      WHERE id = ${id} AND state = 'scheduled' AND (scheduled_at IS NULL OR scheduled_at < ${at})`;
  }
}

/** The demo room, live from now on. One that somebody has ended stays ended; another takes its place. */
export async function writeDemoRoom(
  tx: Tx,
  { clock, random }: { clock: Clock; random: Random },
): Promise<{ id: string; streamId: string; title: string }> {
  const at = clock.now();
  const find = () => tx<{ id: string; streamId: string; title: string }>`
    SELECT id, stream_id AS "streamId", title FROM rooms WHERE is_demo AND state <> 'ended' ORDER BY created_at DESC LIMIT 1`;
  let [room] = await find();
  if (!room) {
    const id = random.id();
    await writeRoom(tx, id, random.id(), demoRoom, at);
    await tx`UPDATE rooms SET is_demo = true, pinned_product_id = ${productId(demoPin)}, pinned_at = ${at} WHERE id = ${id}`;
    [room] = await find();
  }
  if (!room) throw new Error('the demo room vanished');
  await tx`UPDATE rooms SET state = 'live', started_at = ${at} WHERE id = ${room.id}`;
  await writeDemoOffer(tx, room.id, { clock, random });
  return room;
}

async function writeDemoOffer(tx: Tx, roomId: string, { clock, random }: { clock: Clock; random: Random }) {
  const at = clock.now();
  const { priceFen, cap, perPersonLimit } = demoOffer;
  const sku = skuId(demoOffer.sku);
  const inBag = await tx`SELECT 1 FROM bag_items b JOIN skus k ON k.product_id = b.product_id
    WHERE b.room_id = ${roomId} AND k.id = ${sku} AND k.active AND k.price_fen > ${priceFen} AND coalesce(k.floor_price_fen, 0) <= ${priceFen}`;
  if (inBag.length === 0) return; // people have changed the demo; it is theirs
  const lasting = await tx`SELECT id FROM offers WHERE room_id = ${roomId} AND sku_id = ${sku} AND state = 'open'
    AND ends_at > ${new Date(at.getTime() + OFFER_LEFT_HOURS * HOUR_MS)}`;
  if (lasting.length > 0) return;
  await tx`WITH closed AS (
      UPDATE offers SET state = 'closed', closed_at = ${at} WHERE room_id = ${roomId} AND sku_id = ${sku} AND state = 'open' RETURNING id
    ) UPDATE offer_versions v SET superseded_at = ${at} FROM closed WHERE v.offer_id = closed.id AND v.superseded_at IS NULL`;
  const id = random.id();
  const endsAt = new Date(at.getTime() + OFFER_HOURS * HOUR_MS);
  await tx`INSERT INTO offers (id, room_id, sku_id, price_fen, version, starts_at, ends_at, cap, per_person_limit, state, created_by, created_at)
    VALUES (${id}, ${roomId}, ${sku}, ${priceFen}, 1, ${at}, ${endsAt}, ${cap}, ${perPersonLimit}, 'open', ${personId(demoRoom.host)}, ${at})`;
  await tx`INSERT INTO offer_versions (offer_id, version, price_fen, effective_from, ends_at, cap, per_person_limit)
    VALUES (${id}, 1, ${priceFen}, ${at}, ${endsAt}, ${cap}, ${perPersonLimit})`;
}

export const demoHost = () => {
  const host = accounts.find(({ username }) => username === demoRoom.host);
  if (!host) throw new Error(`no account ${demoRoom.host}`);
  return { personId: personId(host.username), name: host.name };
};
