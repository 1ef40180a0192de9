/*
 * From the mirror to a live room.
 * Invariant: however often starting fails and is tried again, one visit makes at most one room; a room that was made
 * gets what has changed since and is started.
 */
import { createRoom, patchRoom, putBag, type Room, type RoomSource, startRoom } from '@walnut-live/contracts';
import type { Api } from '@walnut-live/live-client/http';

export type LivePlan = {
  title: string;
  coverUrl: string;
  productIds: string[];
  source: RoomSource;
  aiPicture?: boolean;
};

export type GoLive = {
  /** Makes the room or brings it up to date, without starting it. Resolves with its id; rejects with ApiError, may be called again. */
  prepare: (plan: LivePlan) => Promise<string>;
  /** The same, and starts it. */
  start: (plan: LivePlan) => Promise<string>;
};

/** `existing`: the scheduled room of this page; null makes one at the moment of going live. */
export const createGoLive = (
  api: Pick<Api, 'call'>,
  existing: Pick<Room, 'id' | 'title' | 'source' | 'aiPicture'> | null,
): GoLive => {
  let room = existing;
  const prepare = async ({ title, coverUrl, productIds, source, aiPicture = false }: LivePlan): Promise<string> => {
    if (!room) {
      room = await api.call(createRoom, {
        body: { title, coverUrl, productIds, source, ...(aiPicture && { aiPicture }) },
      });
      return room.id;
    }
    const change = {
      ...(title !== room.title && { title }),
      ...(source !== (room.source ?? 'camera') && { source }),
      ...(aiPicture !== (room.aiPicture ?? false) && { aiPicture }),
    };
    if (Object.keys(change).length > 0) room = await api.call(patchRoom, { params: { id: room.id }, body: change });
    await api.call(putBag, { params: { id: room.id }, body: { productIds } });
    return room.id;
  };
  return {
    prepare,
    start: async (plan) => {
      const id = await prepare(plan);
      await api.call(startRoom, { params: { id }, body: {} });
      return id;
    },
  };
};
