/**
 * A person's address book.
 *
 * Invariants: an address is its person's alone, and gone when they delete it (orders keep their own copy); as long as there is
 * one, exactly one is the default (a unique index says at most one); changes of one book stand in line by its person's row.
 */
import {
  addAddress,
  changeAddress,
  listAddresses,
  MAX_ADDRESSES,
  removeAddress,
  type SavedAddress,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { regionOf } from './regions.ts';

export { agrees, provinceOf, regionOf } from './regions.ts';

interface Wish {
  readonly recipient: string;
  readonly phone: string;
  readonly street: string;
  readonly regionCode: string;
  readonly isDefault: boolean;
}

export function createAddresses(deps: { bind: Binder; db: Db; clock: Clock; random: Random }) {
  const { bind, db, clock, random } = deps;

  const lockBook = (tx: Tx, personId: string) => tx`SELECT 1 FROM people WHERE id = ${personId} FOR NO KEY UPDATE`;
  const clearDefault = (tx: Tx, personId: string) =>
    tx`UPDATE addresses SET is_default = false WHERE person_id = ${personId} AND is_default`;

  bind(listAddresses, async ({ principal }) => ({ items: await readBook(db.sql, principal.personId) }));

  bind(addAddress, async ({ tx, principal, body }) => {
    const { personId } = principal;
    const region = knownRegion(body);
    await lockBook(tx, personId);
    const book = await readBook(tx, personId);
    if (book.length >= MAX_ADDRESSES) throw new AppError('limit_exceeded', { facts: { limit: MAX_ADDRESSES } });
    const isDefault = body.isDefault || book.length === 0;
    if (isDefault) await clearDefault(tx, personId);
    const [id, at] = [random.id(), clock.now()];
    await tx`INSERT INTO addresses (id, person_id, recipient, phone, region_code, province, city, district, street, is_default, created_at, updated_at)
      VALUES (${id}, ${personId}, ${body.recipient}, ${body.phone}, ${body.regionCode}, ${region.province}, ${region.city},
        ${region.district}, ${body.street}, ${isDefault}, ${at}, ${at})`;
    return pick(await readBook(tx, personId), id);
  });

  bind(changeAddress, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const { personId } = principal;
      const region = knownRegion(body);
      await lockBook(tx, personId);
      pick(await readBook(tx, personId), params.id);
      if (body.isDefault) await clearDefault(tx, personId);
      // The default stays one until another one is.
      await tx`UPDATE addresses SET recipient = ${body.recipient}, phone = ${body.phone}, region_code = ${body.regionCode},
          province = ${region.province}, city = ${region.city}, district = ${region.district}, street = ${body.street},
          is_default = is_default OR ${body.isDefault}, updated_at = ${clock.now()}
        WHERE id = ${params.id} AND person_id = ${personId}`;
      return pick(await readBook(tx, personId), params.id);
    }),
  );

  bind(
    removeAddress,
    ({ principal, params }) =>
      db.transaction(async (tx) => {
        const { personId } = principal;
        await lockBook(tx, personId);
        const [gone] = await tx<{ isDefault: boolean }>`
        DELETE FROM addresses WHERE id = ${params.id} AND person_id = ${personId} RETURNING is_default AS "isDefault"`;
        if (!gone) throw new AppError('not_found');
        if (gone.isDefault)
          await tx`UPDATE addresses SET is_default = true WHERE id = (
          SELECT id FROM addresses WHERE person_id = ${personId} ORDER BY updated_at DESC, id DESC LIMIT 1)`;
      }) as Promise<undefined>,
  );

  return {
    /** What the guest kept is the person's now, the newest first as far as there is room; the person's default stays. */
    async onGuestBecamePerson(tx: Tx, guestId: string, personId: string): Promise<void> {
      await lockBook(tx, personId);
      const [own] = await tx<{ count: number; hasDefault: boolean }>`
        SELECT count(*)::int AS count, coalesce(bool_or(is_default), false) AS "hasDefault" FROM addresses WHERE person_id = ${personId}`;
      if (own?.hasDefault) await clearDefault(tx, guestId);
      await tx`UPDATE addresses SET person_id = ${personId} WHERE id IN (
        SELECT id FROM addresses WHERE person_id = ${guestId} ORDER BY is_default DESC, updated_at DESC, id DESC
        LIMIT ${Math.max(0, MAX_ADDRESSES - (own?.count ?? 0))})`;
      await tx`DELETE FROM addresses WHERE person_id = ${guestId}`;
    },
  };
}

function knownRegion({ regionCode }: Wish) {
  const region = regionOf(regionCode);
  if (!region) throw new AppError('invalid_request', { issues: [{ path: '/regionCode', issue: 'unknown_region' }] });
  return region;
}

function pick(book: readonly SavedAddress[], id: string): SavedAddress {
  const found = book.find((address) => address.id === id);
  if (!found) throw new AppError('not_found');
  return found;
}

async function readBook(sql: Sql, personId: string): Promise<SavedAddress[]> {
  type Row = SavedAddress['address'] & { id: string; isDefault: boolean; updatedAt: Date };
  const rows = await sql<Row>`
    SELECT id, recipient, phone, region_code AS "regionCode", province, city, district, street, is_default AS "isDefault",
      updated_at AS "updatedAt"
    FROM addresses WHERE person_id = ${personId} ORDER BY is_default DESC, updated_at DESC, id DESC`;
  return rows.map(({ id, isDefault, updatedAt, ...address }) => ({
    ...{ id, address, isDefault, updatedAt: updatedAt.toISOString() },
  }));
}
