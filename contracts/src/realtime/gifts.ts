import { z } from 'zod';
import { Instant, PictureUrl } from '../http/common.ts';
import { GiftId, GivenGiftId, PersonId } from '../ids.ts';

/** How much of the picture a gift takes in the player. */
export const GiftEffect = z.enum(['small', 'medium', 'large']).meta({ id: 'GiftEffect' });
export type GiftEffect = z.infer<typeof GiftEffect>;

/** A gift as the room sees it; told after its ledger transfer has committed, never before (rule G1). */
export const ShownGift = z
  .object({
    givenGiftId: GivenGiftId,
    giftId: GiftId,
    personId: PersonId,
    /** Of the giver. */
    name: z.string(),
    giftName: z.string(),
    giftNameEn: z.string(),
    pictureUrl: PictureUrl,
    effect: GiftEffect,
    quantity: z.int().min(1),
    coins: z.int().min(1),
    /** Gifts of one burst: same giver, same gift. */
    comboId: z.uuid(),
    /** Pieces of the burst so far, this gift's included. */
    comboCount: z.int().min(1),
    at: Instant,
  })
  .meta({ id: 'ShownGift' });
export type ShownGift = z.infer<typeof ShownGift>;

/** Shapes of the events `gift:sent` and `gift:taken-back`. */
export const giftSent = { gift: ShownGift };
export const giftTakenBack = {
  givenGiftId: GivenGiftId,
  comboId: z.uuid(),
  /** Pieces that left the screen. */
  quantity: z.int().min(1),
};
