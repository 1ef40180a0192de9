/**
 * Which card a viewer is led to: that of their own store and guide, whosever room they are in. A customer is never led to
 * another store: a bond that stands decides, and where the own store has no card they see none. Pure.
 */
import type { DrainCardKind } from '@walnut-live/contracts';

export interface CardPlace {
  readonly id: string;
  readonly kind: DrainCardKind;
  readonly unitPath: string;
  readonly guideId: string | null;
}
/** Whom a viewer belongs to, for the card. */
export interface CardOwner {
  readonly unitPath: string;
  /** Null: nobody in particular, or somebody who no longer works there. */
  readonly guideId: string | null;
}

/**
 * Bound to a store: that store, and the guide as long as they work there. Not bound, or bound to headquarters or a channel
 * only (which protects nobody): the unit of the room and its host.
 */
export function ownerFor(
  bond:
    | { unitKind: 'hq' | 'channel' | 'store'; unitPath: string; guideId: string | null; guideIsThere: boolean }
    | undefined,
  room: { unitPath: string; hostId: string; hostIsThere: boolean },
): CardOwner {
  if (bond?.unitKind === 'store') return { unitPath: bond.unitPath, guideId: bond.guideIsThere ? bond.guideId : null };
  return { unitPath: room.unitPath, guideId: room.hostIsThere ? room.hostId : null };
}

/** Of cards that are good now. */
export function routeCard<Card extends CardPlace>(
  kind: DrainCardKind,
  owner: CardOwner,
  cards: readonly Card[],
): Card | undefined {
  const ofUnit = (wanted: DrainCardKind, path: string) =>
    cards.find((card) => card.kind === wanted && card.guideId === null && card.unitPath === path);
  switch (kind) {
    case 'official_account': {
      // The store's own account, else that of the nearest unit above: the brand's is everybody's.
      const labels = owner.unitPath.split('.');
      for (let length = labels.length; length > 0; length--) {
        const card = ofUnit(kind, labels.slice(0, length).join('.'));
        if (card) return card;
      }
      return undefined;
    }
    case 'store_group':
      return ofUnit(kind, owner.unitPath);
    case 'guide':
      return (
        cards.find(
          (card) =>
            card.kind === 'guide' &&
            owner.guideId !== null &&
            card.guideId === owner.guideId &&
            card.unitPath === owner.unitPath,
        ) ??
        ofUnit('guide', owner.unitPath) ?? // the store's reception
        ofUnit('store_group', owner.unitPath)
      );
  }
}
