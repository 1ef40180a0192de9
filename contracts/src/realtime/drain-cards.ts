import { z } from 'zod';
import { Instant } from '../http/common.ts';

/** official_account: follow it · store_group: join the group of one's store · guide: add one's guide. */
export const drainCardKinds = ['official_account', 'store_group', 'guide'] as const;
export const DrainCardKind = z.enum(drainCardKinds).meta({ id: 'DrainCardKind' });
export type DrainCardKind = z.infer<typeof DrainCardKind>;

/**
 * Of a room: which kind of card it shows. Which card that is differs from viewer to viewer: each asks for the one of their
 * own store.
 */
export const ShownDrainCard = z.object({ kind: DrainCardKind, shownAt: Instant });
export type ShownDrainCard = z.infer<typeof ShownDrainCard>;

export const drainCardEventShapes = {
  /** Null: taken down. */
  'drain-card:set': { shown: ShownDrainCard.nullable() },
} as const;
export const drainCardSnapshotShape = { drainCard: ShownDrainCard.nullable().optional() } as const;
