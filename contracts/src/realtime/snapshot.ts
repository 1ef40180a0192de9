import { z } from 'zod';
import { Bag } from '../http/bag.ts';
import { Instant } from '../http/common.ts';
import { activitiesSnapshotShape } from './activities.ts';
import { ChatMessage, chatSnapshotShape } from './chat.ts';
import { drainCardSnapshotShape } from './drain-cards.ts';
import { interactionSnapshotShape } from './interaction.ts';
import { Stage } from './stage.ts';

/** The state of a room at `seq`; frames after it bring the rest. */
export const RoomSnapshot = z
  .object({
    seq: z.int(),
    at: Instant,
    state: z.enum(['scheduled', 'live', 'ended']),
    stream: z.object({ state: z.enum(['idle', 'live', 'interrupted']), hasVideo: z.boolean(), hasAudio: z.boolean() }),
    /** What the room shows; absent from servers that know no relays: then it is the room's own stream. */
    stage: Stage.optional(),
    bag: Bag,
    /** The newest messages, oldest first, without deleted ones. */
    chat: z.array(ChatMessage),
    notice: z.string(),
    ...chatSnapshotShape,
    ...interactionSnapshotShape,
    ...drainCardSnapshotShape,
    ...activitiesSnapshotShape,
    likes: z.int(),
    viewersNow: z.int(),
    viewersTotal: z.int(),
  })
  .meta({ id: 'RoomSnapshot' });
export type RoomSnapshot = z.infer<typeof RoomSnapshot>;
