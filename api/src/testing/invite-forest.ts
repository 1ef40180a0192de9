/** People who bring one another and buy, written with plain SQL: for tests of the invite graph that need forests, not links. */
import { randomUUID } from 'node:crypto';
import { INVITE_GRAPH_JOB } from '../features/invite-graph/index.ts';
import type { FixtureRoom } from './fixtures.ts';
import type { TestApi } from './test-api.ts';

export function createInviteForest(api: TestApi) {
  const { db, jobs } = api.api.platform;
  const { sql } = db;
  /** A touch by room: who came and by whom does not matter, only where. */
  const touches = new Map<string, Promise<string>>();

  async function makeTouch(room: FixtureRoom): Promise<string> {
    const [linkId, touchId, at] = [randomUUID(), randomUUID(), new Date('2020-01-01T00:00:00Z')];
    const { personId } = room.host;
    await sql`INSERT INTO share_links (id, sharer_id, room_id, channel, created_at) VALUES (${linkId}, ${personId}, ${room.id}, 'other', ${at})`;
    await sql`INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
      VALUES (${touchId}, ${linkId}, ${personId}, ${personId}, ${room.id}, 'other', ${at}, '', '', ${at})`;
    return touchId;
  }
  const touchOf = (room: FixtureRoom): Promise<string> => {
    const known = touches.get(room.id) ?? makeTouch(room);
    touches.set(room.id, known);
    return known;
  };

  return {
    async people(count: number, kind: 'guest' | 'consumer' = 'consumer', name = '林小桃'): Promise<string[]> {
      const ids = Array.from({ length: count }, () => randomUUID());
      await sql`INSERT INTO people (id, kind, name, phone, created_at)
        SELECT id, ${kind}, ${name}, ${kind === 'consumer' ? '13912345678' : null}::text, ${api.clock.now()} FROM unnest(${ids}::uuid[]) AS i (id)`;
      return ids;
    },
    /** First inviter wins. That no ring is closed is the caller's to see to. */
    async bring(
      inviterId: string,
      inviteeIds: readonly string[],
      room: FixtureRoom,
      at = api.clock.now(),
    ): Promise<void> {
      await sql`INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at)
        SELECT id, ${inviterId}::uuid, ${await touchOf(room)}::uuid, ${at}::timestamptz FROM unnest(${inviteeIds}::uuid[]) AS i (id) ON CONFLICT DO NOTHING`;
    },
    /** Each by the one before. */
    async chain(ids: readonly string[], room: FixtureRoom): Promise<void> {
      await sql`INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at)
        SELECT invitee, inviter, ${await touchOf(room)}::uuid, ${api.clock.now()}::timestamptz
        FROM unnest(${ids.slice(1)}::uuid[], ${ids.slice(0, -1)}::uuid[]) AS e (invitee, inviter)`;
    },
    async paidOrder(personId: string, room: FixtureRoom, fen: number): Promise<string> {
      const [id, at] = [randomUUID(), api.clock.now()];
      await sql`INSERT INTO orders (id, order_no, person_id, room_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen,
          total_fen, address, placed_at, expires_at)
        VALUES (${id}, ${id}, ${personId}, ${room.id}, ${room.orgUnit.id}, ${room.orgUnit.path}, 'pending_payment', ${fen}, 0, 0, ${fen},
          '{}', ${at}, ${at})`;
      await sql`UPDATE orders SET state = 'paid', paid_at = ${at}, paid_fen = total_fen WHERE id = ${id}`;
      return id;
    },
    async refund(orderId: string, fen: number): Promise<void> {
      await sql`UPDATE orders SET refunded_fen = refunded_fen + ${fen} WHERE id = ${orderId}`;
    },
    touchOf,
    follow: (): Promise<void> => jobs.runNow(INVITE_GRAPH_JOB),
  };
}
