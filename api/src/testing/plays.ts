/** What a room has played, for tests that need a draw, a prize and a rain but not how they came about. */
import { randomUUID } from 'node:crypto';
import { grantBudget, prepareDraw, startRedPacket } from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { Brand, FixtureRoom } from './fixtures.ts';
import type { TestApi } from './test-api.ts';

export const drawTerms = {
  title: '福利抽奖',
  rules: {},
  prizes: [{ name: '核桃礼盒', kind: 'parcel' as const, valueFen: 19_900, count: 1 }],
  durationSeconds: 60,
};

/** A prepared draw and a running rain in the room, and a parcel that somebody has won there before. */
export async function makePlays(api: TestApi, { staff }: Brand, room: FixtureRoom, winner: Principal) {
  const { sql } = api.api.platform.db;
  const now = api.clock.now();
  const [closedId, prizeId] = [randomUUID(), randomUUID()];
  const [hash, publicId] = ['a'.repeat(64), 'b'.repeat(32)];
  const prizes = drawTerms.prizes.map((prize, index) => ({ ...prize, no: index + 1, note: '' }));
  await sql`INSERT INTO draws (id, room_id, org_path, state, title, followers, customers, prizes, duration_seconds, commitment, sealed_seed, seed,
      list_hash, entries, prepared_by, prepared_at, opened_at, closes_at, closed_at, claim_until)
    VALUES (${closedId}, ${room.id}, ${room.orgUnit.path}, 'closed', '上一轮', false, false, ${JSON.stringify(prizes)}::jsonb, 60, ${hash}, '-', ${hash},
      ${hash}, 1, ${room.host.personId}, ${now}, ${now}, ${now}, ${now}, ${new Date(now.getTime() + 86_400_000)})`;
  await sql`INSERT INTO draw_wins (id, draw_id, rank, prize_no, person_id, public_id, name, state, won_at)
    VALUES (${prizeId}, ${closedId}, 1, 1, ${winner.personId}, ${publicId}, '安*', 'won', ${now})`;
  const draw = await api.ok(prepareDraw, { body: { ...drawTerms, roomId: room.id }, as: room.host });
  const grant = { amountFen: 1_000, reason: '活动' };
  await api.ok(grantBudget, { params: { orgUnitId: room.orgUnit.id }, body: grant, as: staff.finance });
  const rain = { roomId: room.id, title: '红包雨', totalFen: 1_000, count: 10, durationSeconds: 300 };
  const redPacket = await api.ok(startRedPacket, { body: rain, as: room.host });
  return { drawId: draw.id, prizeId, redPacketId: redPacket.id };
}
