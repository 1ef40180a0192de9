/**
 * Chains of forwarding: who handed a link on, and to what effect (rule A6).
 *
 * Model: every link but the first names the link that brought its sharer; a parent is older than its child, so there is no
 * circle. Names are masked for who is no staff that may read them: a sharer learns that somebody handed on, not who.
 */
import type { getShareChain, ReplyOf } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { mayIn, type Principal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import type { ShareLinksService } from './share-links.service.ts';

/** Hands shown above and below; the sums count all that were looked at. */
const HANDS_SHOWN = 100;
/** Links below one that are looked at: a cascade is counted up to here, the nearest steps first. */
const LINKS_LOOKED_AT = 20_000;

interface Hand {
  linkId: string;
  sharerId: string;
  name: string;
  kind: string;
  ownerPath: string | null;
  depth: number;
  at: Date;
}

export function createChains(deps: { db: Db; links: Pick<ShareLinksService, 'find'> }) {
  const { sql } = deps.db;

  const above = (linkId: string) => sql<Hand>`
    WITH RECURSIVE up AS (
      SELECT p.*, 1 AS step FROM share_links l JOIN share_links p ON p.id = l.parent_link_id WHERE l.id = ${linkId}
      UNION ALL
      SELECT p.*, u.step + 1 FROM up u JOIN share_links p ON p.id = u.parent_link_id WHERE u.step < ${HANDS_SHOWN}
    )
    SELECT u.id AS "linkId", coalesce(s.merged_into, s.id) AS "sharerId", w.name, w.kind, o.path AS "ownerPath",
      u.depth, u.created_at AS at
    FROM up u JOIN people s ON s.id = u.sharer_id JOIN people w ON w.id = coalesce(s.merged_into, s.id)
    LEFT JOIN owner_bindings b ON b.customer_id = w.id AND b.ended_at IS NULL LEFT JOIN org_units o ON o.id = b.store_id ORDER BY u.depth`;

  /** Breadth first, so that the bound cuts off what is farthest. */
  const below = (linkId: string) => sql<Hand & { step: number; visitors: bigint; orders: bigint }>`
    WITH RECURSIVE down AS (
      SELECT id, sharer_id, depth, created_at, 1 AS step FROM share_links WHERE parent_link_id = ${linkId}
      UNION ALL
      SELECT l.id, l.sharer_id, l.depth, l.created_at, d.step + 1 FROM down d JOIN share_links l ON l.parent_link_id = d.id
    ),
    nearest AS (SELECT * FROM down LIMIT ${LINKS_LOOKED_AT})
    SELECT s.id AS "linkId", w.id AS "sharerId", w.name, w.kind, h.path AS "ownerPath", s.depth, s.created_at AS at, s.step,
      (SELECT count(DISTINCT coalesce(v.merged_into, v.id)) FROM touches t JOIN people v ON v.id = t.visitor_id
        WHERE t.link_id = s.id AND coalesce(v.merged_into, v.id) <> w.id) AS visitors,
      (SELECT count(*) FROM touches t JOIN order_credits c ON c.touch_id = t.id JOIN orders o ON o.id = c.order_id
        WHERE t.link_id = s.id AND o.paid_at IS NOT NULL) AS orders
    FROM nearest s JOIN people p ON p.id = s.sharer_id JOIN people w ON w.id = coalesce(p.merged_into, p.id)
    LEFT JOIN owner_bindings b ON b.customer_id = w.id AND b.ended_at IS NULL LEFT JOIN org_units h ON h.id = b.store_id`;

  return {
    /** @throws AppError not_found, for a link of somebody else too */
    async read(principal: Principal, linkId: string): Promise<ReplyOf<typeof getShareChain>> {
      const { link, personId, orgPath } = await deps.links.find(linkId);
      if (personId !== principal.personId && !mayIn(principal, 'reports:read', orgPath))
        throw new AppError('not_found');
      const { staff } = principal;
      const nameOf = ({ sharerId, name, kind, ownerPath }: Hand): string => {
        if (sharerId === principal.personId) return name;
        return staff ? nameFor(staff, { id: sharerId, name, kind, ownerPath }).name : maskName(name);
      };
      const toHand = (hand: Hand) => ({
        linkId: hand.linkId,
        name: nameOf(hand),
        depth: hand.depth,
        at: hand.at.toISOString(),
      });
      const [up, down] = await Promise.all([above(linkId), below(linkId)]);
      const steps = new Map<number, { links: number; sharers: Set<string>; visitors: number; orders: number }>();
      for (const hand of down) {
        const step = steps.get(hand.step) ?? { links: 0, sharers: new Set<string>(), visitors: 0, orders: 0 };
        steps.set(hand.step, step);
        step.links += 1;
        step.sharers.add(hand.sharerId);
        step.visitors += Number(hand.visitors);
        step.orders += Number(hand.orders);
      }
      const brought = [...down].sort((a, b) =>
        Number(b.orders - a.orders || b.visitors - a.visitors || BigInt(a.step - b.step)),
      );
      return {
        link,
        above: up.map(toHand),
        below: [...steps]
          .sort(([a], [b]) => a - b)
          .map(([step, { sharers, ...sums }]) => ({ step, ...sums, sharers: sharers.size })),
        hands: brought.slice(0, HANDS_SHOWN).map((hand) => ({
          ...toHand(hand),
          visitors: Number(hand.visitors),
          orders: Number(hand.orders),
        })),
      };
    },
  };
}
