import { z } from 'zod';
import { Instant } from '../http/common.ts';
import { PersonId, StreamId } from '../ids.ts';

/** Guides on one stage at most: the host and three more. */
export const MAX_GUIDES_ON_STAGE = 4;

/** A co-host whose picture is there. */
export const StageCohost = z
  .object({
    /** Stays the same as long as this co-host is in the room. */
    seatId: z.uuid(),
    name: z.string(),
    /** Store or headquarters. */
    unitName: z.string(),
    streamId: StreamId,
    /** By the host: nobody plays this one's sound. */
    muted: z.boolean(),
  })
  .meta({ id: 'StageCohost' });
export type StageCohost = z.infer<typeof StageCohost>;

/**
 * What a room shows: a pointer to a stream, its own or a relayed one, and the co-hosts beside it. A relay carries the
 * programme's picture and name alone; chat, bag, viewers and credit stay the room's own.
 */
export const Stage = z
  .object({
    /** Grows with every change; an older one that arrives late is skipped. */
    version: z.int(),
    shows: z.enum(['own', 'relay', 'cut_in']),
    /** The picture. */
    streamId: StreamId,
    /** Rule Z7: the picture is a generated one; said as long as it shows. */
    aiPicture: z.boolean().optional(),
    /** Since when the pointer stands where it stands; a viewer who sees everything later switches when they get there. */
    since: Instant,
    /** The programme this room relays, also during a cut-in. */
    relay: z
      .object({
        title: z.string(),
        unitKind: z.enum(['hq', 'channel', 'store']),
        unitName: z.string(),
        state: z.enum(['scheduled', 'live', 'ended']),
      })
      .nullable(),
    /** waiting: the guide's camera is on its way and the programme still shows. */
    cutIn: z
      .object({
        state: z.enum(['waiting', 'on']),
        by: z.object({ id: PersonId, name: z.string() }),
        since: Instant,
      })
      .nullable(),
    /** In the order in which they came. */
    cohosts: z.array(StageCohost).max(MAX_GUIDES_ON_STAGE - 1),
  })
  .meta({ id: 'Stage' });
export type Stage = z.infer<typeof Stage>;
