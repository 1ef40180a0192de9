/** Drain cards (引流): follow the account, join the store's group, add the guide; each viewer sees that of their own store. */
import { z } from 'zod';
import { OrgUnitId, PersonId, RoomId } from '../ids.ts';
import { DrainCardKind, ShownDrainCard } from '../realtime/drain-cards.ts';
import { Instant, OrgUnitRef, PersonRef, text } from './common.ts';
import { WebLink } from './files.ts';
import { defineRoute } from './route.ts';

/** How long the QR code of a WeChat group lives. */
export const GROUP_CODE_DAYS = 7;
/** A code that ends within this time is warned about. */
export const EXPIRY_WARNING_HOURS = 48;

export const DrainCard = z
  .object({
    id: z.uuid(),
    kind: DrainCardKind,
    orgUnit: OrgUnitRef,
    /** Whose own card it is; null: the unit's. */
    guide: PersonRef.nullable(),
    title: z.string(),
    hint: z.string(),
    link: z.string().nullable(),
    pictureUrl: z.string().nullable(),
    expiresAt: Instant.nullable(),
    state: z.enum(['good', 'ends_soon', 'expired']),
    updatedAt: Instant,
    impressions: z.int(),
    taps: z.int(),
    /** Unique people who saw it, and who tapped it; a guest who signed in counts once. */
    people: z.int(),
    tappers: z.int(),
  })
  .meta({ id: 'DrainCard' });
export type DrainCard = z.infer<typeof DrainCard>;

/** As a viewer sees it. */
export const RoutedDrainCard = z
  .object({
    id: z.uuid(),
    kind: DrainCardKind,
    store: z.string(),
    guide: z.string().nullable(),
    title: z.string(),
    hint: z.string(),
    link: z.string().nullable(),
    pictureUrl: z.string().nullable(),
  })
  .meta({ id: 'RoutedDrainCard' });
export type RoutedDrainCard = z.infer<typeof RoutedDrainCard>;

const room = z.strictObject({ id: RoomId });

export const listDrainCards = defineRoute({
  id: 'drain-cards.list',
  method: 'GET',
  path: '/drain-cards',
  tag: 'drain-cards',
  access: { staff: 'rooms:operate' },
  summary: 'Cards of my scope, with what they brought; those that have expired or will soon are marked',
  reply: z.object({ items: z.array(DrainCard) }),
});
export const putDrainCard = defineRoute({
  id: 'drain-cards.put',
  method: 'PUT',
  path: '/drain-cards',
  tag: 'drain-cards',
  access: { staff: 'rooms:write' },
  summary:
    'Set the one card of this kind of a unit or guide; guides set their own, managers and HQ those of their units. Needs a link or a picture',
  body: z.strictObject({
    kind: DrainCardKind,
    orgUnitId: OrgUnitId,
    guideId: PersonId.nullable(),
    title: text(30),
    hint: text(60, 0),
    link: WebLink.nullable(),
    pictureId: z.uuid().nullable(),
    /** Until when the code is good; a group's is seven days from now at most. */
    expiresAt: Instant.nullable(),
  }),
  reply: DrainCard,
  errors: ['forbidden', 'not_found', 'words_refused', 'invalid_request'],
});
export const removeDrainCard = defineRoute({
  id: 'drain-cards.remove',
  method: 'DELETE',
  path: '/drain-cards/:id',
  tag: 'drain-cards',
  access: { staff: 'rooms:write' },
  summary: 'Take a card away; again = the same answer',
  params: z.strictObject({ id: z.uuid() }),
  status: 204,
});
export const showDrainCard = defineRoute({
  id: 'drain-cards.show',
  method: 'PUT',
  path: '/rooms/:id/drain-card',
  tag: 'drain-cards',
  access: { staff: 'rooms:operate' },
  summary: 'Show a kind of card in the room, or none; again = the same answer',
  params: room,
  body: z.strictObject({ kind: DrainCardKind.nullable() }),
  reply: z.object({ shown: ShownDrainCard.nullable() }),
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
export const getMyDrainCard = defineRoute({
  id: 'drain-cards.mine',
  method: 'GET',
  path: '/rooms/:id/drain-card',
  tag: 'drain-cards',
  access: 'person',
  summary:
    'The card that the room shows, as it is for me: of my own guide and store if I belong to one, else of the room’s; null: none',
  params: room,
  reply: z.object({ card: RoutedDrainCard.nullable() }),
  errors: ['not_found', 'not_in_audience'],
});
export const markDrainCard = defineRoute({
  id: 'drain-cards.mark',
  method: 'POST',
  path: '/rooms/:id/drain-card/marks',
  tag: 'drain-cards',
  access: 'person',
  summary: 'I saw the card, or tapped it; counted when it is the card that the room shows me',
  params: room,
  body: z.strictObject({ cardId: z.uuid(), what: z.enum(['seen', 'tapped']) }),
  reply: z.strictObject({}),
  errors: ['not_found', 'rate_limited'],
});
