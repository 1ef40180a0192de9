/**
 * Do gifts, their transfers and what rooms were told agree? For tests, drills and operators. Ask it when the outbox is empty:
 * what is on its way to a room is not shown yet.
 */
import { FEN_PER_COIN } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';

/** What is wrong, in words with ids; empty when all is right. */
export async function auditGifts(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const broken = await tx<{ what: string; id: string }>`
        WITH moved AS (
          SELECT t.kind, t.ref, -e.amount_fen AS fen, a.owner
          FROM ledger_transfers t JOIN ledger_entries e ON e.transfer_id = t.id JOIN ledger_accounts a ON a.id = e.account_id
          WHERE t.kind IN ('gift_given', 'gift_taken_back') AND a.kind = 'coin_wallet'
        ), told AS (
          SELECT kind, event->'gift'->>'givenGiftId' AS id, count(*) AS times FROM room_events WHERE kind = 'gift:sent' GROUP BY 1, 2
          UNION ALL
          SELECT kind, event->>'givenGiftId', count(*) FROM room_events WHERE kind = 'gift:taken-back' GROUP BY 1, 2
        )
        SELECT 'has no transfer of its coins' AS what, v.id::text AS id FROM given_gifts v WHERE NOT EXISTS (
          SELECT 1 FROM moved m WHERE m.kind = 'gift_given' AND m.ref = v.id::text AND m.owner = v.person_id::text AND m.fen = -v.coins * ${FEN_PER_COIN})
        UNION ALL SELECT 'is a transfer without a gift', m.ref FROM moved m WHERE m.kind = 'gift_given'
          AND NOT EXISTS (SELECT 1 FROM given_gifts v WHERE v.id::text = m.ref)
        UNION ALL SELECT 'is taken back and has no transfer back, or the reverse', v.id::text FROM given_gifts v
          WHERE (v.state = 'taken_back') <> EXISTS (
            SELECT 1 FROM moved m WHERE m.kind = 'gift_taken_back' AND m.ref = v.id::text AND m.fen = v.coins * ${FEN_PER_COIN})
        UNION ALL SELECT 'was not shown once', v.id::text FROM given_gifts v
          WHERE coalesce((SELECT t.times FROM told t WHERE t.kind = 'gift:sent' AND t.id = v.id::text), 0) <> 1
        UNION ALL SELECT 'was shown and never given', t.id FROM told t WHERE t.kind = 'gift:sent'
          AND NOT EXISTS (SELECT 1 FROM given_gifts v WHERE v.id::text = t.id)
        UNION ALL SELECT 'was not taken off the screen once, or was for nothing', v.id::text FROM given_gifts v
          WHERE coalesce((SELECT t.times FROM told t WHERE t.kind = 'gift:taken-back' AND t.id = v.id::text), 0)
            <> CASE WHEN v.state = 'taken_back' THEN 1 ELSE 0 END
        LIMIT 50`;
      const rooms = await tx<{ room: string }>`
        SELECT coalesce(a.owner, v.room_id::text) AS room
        FROM (SELECT owner, -balance_fen AS fen FROM ledger_accounts WHERE kind = 'room_gifts') a
        FULL JOIN (SELECT room_id, sum(coins) * ${FEN_PER_COIN} AS fen FROM given_gifts WHERE state = 'given' GROUP BY room_id) v
          ON v.room_id::text = a.owner
        WHERE coalesce(a.fen, 0) <> coalesce(v.fen, 0)`;
      const used = await tx<{ subject: string; period: string }>`
        SELECT u.subject, u.period FROM gift_usage u WHERE u.period LIKE 'd%' AND u.coins <> coalesce((
          SELECT sum(v.coins) FROM given_gifts v WHERE v.subject = u.subject AND v.state <> 'taken_back'
            AND to_char(v.given_at AT TIME ZONE 'Asia/Shanghai', '"d"YYYY-MM-DD') = u.period), 0)`;
      const below = await tx<{ owner: string }>`
        SELECT owner FROM ledger_accounts WHERE kind = 'coin_wallet' AND balance_fen > 0`;
      return [
        ...broken.map(({ what, id }) => `gift ${id} ${what}`),
        ...rooms.map(({ room }) => `room ${room}: its gift account is not the gifts that wait for their share`),
        ...used.map(({ period }) => `usage of ${period} is not what was given`),
        ...below.map(({ owner }) => `wallet of ${owner} is below zero`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
