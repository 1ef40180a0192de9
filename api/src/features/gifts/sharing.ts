/**
 * Whose a gift is in the end: after the cooling period each gift is divided among brand, store and guide by the policy it was
 * given under. Gifts of one room that are due together go by one transfer; what each of them gave to whom stands in its row.
 * A gift is shared once: whoever takes it back or shares it moves its row from `given` by a conditional statement.
 */
import { FEN_PER_COIN } from '@walnut-live/contracts';
import type { Ledger, Leg } from '../../ledger/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { type Shares, shareOf } from './gifts.policy.ts';

const BATCH = 500;

interface Due {
  readonly id: string;
  readonly roomId: string;
  readonly hostId: string;
  readonly orgUnitId: string;
  readonly coins: bigint;
  readonly brandBps: number;
  readonly storeBps: number;
  readonly guideBps: number;
}

export function createSharing(deps: { db: Db; clock: Clock; random: Random; ledger: Pick<Ledger, 'postTransfer'> }) {
  const { db, clock, random, ledger } = deps;

  /** The gifts of one room that are due, rows that somebody else is at passed over. */
  async function lockDue(tx: Tx, now: Date): Promise<Due[]> {
    return tx<Due>`
      WITH first AS (
        SELECT room_id, host_id, org_unit_id FROM given_gifts WHERE state = 'given' AND take_back_until <= ${now}
        ORDER BY take_back_until LIMIT 1)
      SELECT v.id, v.room_id AS "roomId", v.host_id AS "hostId", v.org_unit_id AS "orgUnitId", v.coins,
        p.brand_bps AS "brandBps", p.store_bps AS "storeBps", p.guide_bps AS "guideBps"
      FROM given_gifts v JOIN first f ON f.room_id = v.room_id AND f.host_id = v.host_id AND f.org_unit_id = v.org_unit_id
      JOIN gift_policies p ON p.version = v.policy_version
      WHERE v.state = 'given' AND v.take_back_until <= ${now}
      ORDER BY v.take_back_until, v.id LIMIT ${BATCH} FOR UPDATE OF v SKIP LOCKED`;
  }

  async function shareBatch(tx: Tx): Promise<number> {
    const at = clock.now();
    const due = await lockDue(tx, at);
    const [first] = due;
    if (!first) return 0;
    const [hq] = await tx<{ id: string }>`SELECT id FROM org_units WHERE parent_id IS NULL ORDER BY path LIMIT 1`;
    if (!hq) throw new Error('gifts: no headquarters');
    const shares = due.map((gift) => shareOf(gift.coins * BigInt(FEN_PER_COIN), gift));
    const sum = (pick: (share: Shares) => bigint) => shares.reduce((total, share) => total + pick(share), 0n);
    const total = {
      brandFen: sum((share) => share.brandFen),
      storeFen: sum((share) => share.storeFen),
      guideFen: sum((share) => share.guideFen),
    };
    const id = random.id();
    await tx`INSERT INTO gift_shares (id, room_id, host_id, gifts, brand_fen, store_fen, guide_fen, at)
      VALUES (${id}, ${first.roomId}, ${first.hostId}, ${due.length}, ${total.brandFen}, ${total.storeFen}, ${total.guideFen}, ${at})`;
    await tx`UPDATE given_gifts v SET state = 'shared', share_id = ${id}, brand_fen = s.brand, store_fen = s.store, guide_fen = s.guide
      FROM unnest(${due.map((gift) => gift.id)}::uuid[], ${shares.map((s) => s.brandFen)}::bigint[],
        ${shares.map((s) => s.storeFen)}::bigint[], ${shares.map((s) => s.guideFen)}::bigint[]) AS s (id, brand, store, guide)
      WHERE v.id = s.id`;
    const to: Leg[] = [
      { account: { kind: 'gift_revenue', owner: hq.id }, amountFen: -total.brandFen },
      { account: { kind: 'gift_revenue', owner: first.orgUnitId }, amountFen: -total.storeFen },
      { account: { kind: 'gift_payable', owner: first.hostId }, amountFen: -total.guideFen },
    ];
    await ledger.postTransfer(tx, {
      kind: 'gifts_shared',
      ref: id,
      at,
      entries: [
        {
          account: { kind: 'room_gifts', owner: first.roomId },
          amountFen: total.brandFen + total.storeFen + total.guideFen,
        },
        ...to.filter((leg) => leg.amountFen !== 0n),
      ],
    });
    return due.length;
  }

  return {
    /** Shares everything that is due; answers how many gifts. */
    async shareDue(): Promise<number> {
      let shared = 0;
      for (;;) {
        const count = await db.transaction(shareBatch);
        if (count === 0) break;
        shared += count;
      }
      return shared;
    },
  };
}
