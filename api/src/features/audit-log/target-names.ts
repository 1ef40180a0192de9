/**
 * What the things of a page of the audit log are called now: one query per kind that is on the page. People as everywhere else: a
 * customer's name in full for who may read it (rule Z6).
 */
import type { Sql } from '../../platform/db.ts';
import { type NamedPerson, nameFor } from '../bindings/index.ts';

interface Thing {
  readonly id: string;
  readonly name: string;
}
type Look = (sql: Sql, ids: readonly string[]) => Promise<Thing[]>;
type Reader = Parameters<typeof nameFor>[0];

const orders: Look = (sql, ids) => sql<Thing>`SELECT id, order_no AS name FROM orders WHERE id = ANY(${ids}::uuid[])`;
const units: Look = (sql, ids) => sql<Thing>`SELECT id, name FROM org_units WHERE id = ANY(${ids}::uuid[])`;

/** By the word before the colon. What has no name of its own goes by the order, the product or the room it is of. */
const looks: Readonly<Record<string, Look>> = {
  order: orders,
  'org-unit': units,
  org_unit: units,
  room: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM rooms WHERE id = ANY(${ids}::uuid[])`,
  room_slot: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM room_slots WHERE id = ANY(${ids}::uuid[])`,
  product: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM products WHERE id = ANY(${ids}::uuid[])`,
  sku: (sql, ids) => sql<Thing>`
    SELECT k.id, p.title || ' · ' || k.name AS name FROM skus k JOIN products p ON p.id = k.product_id WHERE k.id = ANY(${ids}::uuid[])`,
  offer: (sql, ids) => sql<Thing>`
    SELECT o.id, p.title || ' · ' || k.name AS name FROM offers o JOIN skus k ON k.id = o.sku_id JOIN products p ON p.id = k.product_id
    WHERE o.id = ANY(${ids}::uuid[])`,
  bundle: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM bundles WHERE id = ANY(${ids}::uuid[])`,
  'coupon-kind': (sql, ids) => sql<Thing>`SELECT id, title AS name FROM coupon_kinds WHERE id = ANY(${ids}::uuid[])`,
  coupon: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM coupons WHERE id = ANY(${ids}::uuid[])`,
  'coupon-drop': (sql, ids) => sql<Thing>`
    SELECT d.id, k.title AS name FROM coupon_drops d JOIN coupon_kinds k ON k.id = d.kind_id WHERE d.id = ANY(${ids}::uuid[])`,
  'points-exchange': (sql, ids) => sql<Thing>`
    SELECT x.id, k.title AS name FROM points_exchanges x JOIN coupon_kinds k ON k.id = x.kind_id WHERE x.id = ANY(${ids}::uuid[])`,
  'group-campaign': (sql, ids) =>
    sql<Thing>`SELECT id, title AS name FROM group_campaigns WHERE id = ANY(${ids}::uuid[])`,
  wave: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM waves WHERE id = ANY(${ids}::uuid[])`,
  card: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM drain_cards WHERE id = ANY(${ids}::uuid[])`,
  content: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM content_items WHERE id = ANY(${ids}::uuid[])`,
  draw: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM draws WHERE id = ANY(${ids}::uuid[])`,
  'red-packet': (sql, ids) => sql<Thing>`SELECT id, title AS name FROM red_packets WHERE id = ANY(${ids}::uuid[])`,
  poll: (sql, ids) => sql<Thing>`SELECT id, question AS name FROM polls WHERE id = ANY(${ids}::uuid[])`,
  countdown: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM countdowns WHERE id = ANY(${ids}::uuid[])`,
  chain: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM chains WHERE id = ANY(${ids}::uuid[])`,
  'invite-task': (sql, ids) => sql<Thing>`SELECT id, title AS name FROM invite_tasks WHERE id = ANY(${ids}::uuid[])`,
  'newcomer-gift': (sql, ids) =>
    sql<Thing>`SELECT id, title AS name FROM newcomer_gifts WHERE id = ANY(${ids}::uuid[])`,
  'review-campaign': (sql, ids) =>
    sql<Thing>`SELECT id, title AS name FROM review_campaigns WHERE id = ANY(${ids}::uuid[])`,
  'tag-rule': (sql, ids) => sql<Thing>`
    SELECT DISTINCT ON (id) id, name FROM tag_rules WHERE id = ANY(${ids}::uuid[]) ORDER BY id, version DESC`,
  settlement: (sql, ids) => sql<Thing>`SELECT id, title AS name FROM settlement_runs WHERE id = ANY(${ids}::uuid[])`,
  payout: (sql, ids) => sql<Thing>`SELECT id, bill_no AS name FROM payout_bills WHERE id = ANY(${ids}::uuid[])`,
  'after-sale': (sql, ids) => sql<Thing>`SELECT id, case_no AS name FROM after_sales WHERE id = ANY(${ids}::uuid[])`,
  payment: (sql, ids) => sql<Thing>`
    SELECT p.id, o.order_no AS name FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.id = ANY(${ids}::uuid[])`,
  invoice: (sql, ids) => sql<Thing>`
    SELECT i.id, o.order_no AS name FROM invoices i JOIN orders o ON o.id = i.order_id WHERE i.id = ANY(${ids}::uuid[])`,
  review: (sql, ids) => sql<Thing>`
    SELECT r.id, o.order_no AS name FROM reviews r JOIN orders o ON o.id = r.order_id WHERE r.id = ANY(${ids}::uuid[])`,
  'commission-hold': (sql, ids) => sql<Thing>`
    SELECT h.id, o.order_no AS name FROM commission_holds h JOIN orders o ON o.id = h.order_id WHERE h.id = ANY(${ids}::uuid[])`,
  alert: (sql, ids) => sql<Thing>`SELECT id, label AS name FROM alerts WHERE id = ANY(${ids}::uuid[])`,
};
/** Targets that are a person under another word: what the id is of. */
const ofPeople: Readonly<Record<string, Look>> = {
  person: async (_, ids) => ids.map((id) => ({ id, name: id })),
  staff: async (_, ids) => ids.map((id) => ({ id, name: id })),
  agent: async (_, ids) => ids.map((id) => ({ id, name: id })),
  'customer-transfer': (sql, ids) =>
    sql<Thing>`SELECT id, from_id::text AS name FROM customer_transfers WHERE id = ANY(${ids}::uuid[])`,
  'data-request': (sql, ids) =>
    sql<Thing>`SELECT id, person_id::text AS name FROM data_requests WHERE id = ANY(${ids}::uuid[])`,
};
/** Kinds of which a name is known. */
export const namedKinds: readonly string[] = [...Object.keys(looks), ...Object.keys(ofPeople)];
const TARGET = /^([a-z_-]+):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

export interface Named {
  /** Of a person, as this reader may see it; undefined for who is gone. */
  person(id: string): string | undefined;
  target(target: string): string | null;
}

/** @param rows of one page */
export async function namesOf(
  sql: Sql,
  reader: Reader,
  rows: readonly { actorId: string | null; target: string }[],
): Promise<Named> {
  const wanted = new Map<string, Set<string>>();
  for (const { target } of rows) {
    const [, kind = '', id = ''] = TARGET.exec(target) ?? [];
    if (namedKinds.includes(kind)) wanted.set(kind, (wanted.get(kind) ?? new Set()).add(id));
  }
  const found = new Map<string, string>();
  const personOf = new Map<string, string>();
  await Promise.all(
    [...wanted].map(async ([kind, ids]) => {
      const look = looks[kind] ?? ofPeople[kind];
      const into = kind in looks ? found : personOf;
      for (const { id, name } of (await look?.(sql, [...ids])) ?? []) into.set(`${kind}:${id}`, name);
    }),
  );
  const ids = new Set([...personOf.values(), ...rows.flatMap(({ actorId }) => actorId ?? [])]);
  const people = await sql<NamedPerson>`
    SELECT p.id, p.name, p.kind, u.path AS "ownerPath" FROM people p
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL LEFT JOIN org_units u ON u.id = b.store_id
    WHERE p.id = ANY(${[...ids]}::uuid[])`;
  const names = new Map(people.map((person) => [person.id, nameFor(reader, person).name]));
  return {
    person: (id) => names.get(id),
    target: (target) => found.get(target) ?? names.get(personOf.get(target) ?? '') ?? null,
  };
}
