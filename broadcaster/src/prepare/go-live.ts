/*
 * From the mirror to a live room.
 * Invariant: however often starting fails and is tried again, one visit makes at most one room; a room that was made
 * gets what has changed since and is started.
 */
import { createRoom, patchRoom, putBag, type Room, startRoom } from '@walnut-live/contracts';
import type { Api } from '@walnut-live/live-client/http';

export type LivePlan = { title: string; coverUrl: string; productIds: string[] };

/** Resolves with the id of the started room; rejects with ApiError and may be called again. */
export type GoLive = (plan: LivePlan) => Promise<string>;

/** `existing`: the scheduled room of this page; null makes one at the moment of going live. */
export const createGoLive = (api: Pick<Api, 'call'>, existing: Pick<Room, 'id' | 'title'> | null): GoLive => {
  let room = existing;
  return async ({ title, coverUrl, productIds }) => {
    if (!room) room = await api.call(createRoom, { body: { title, coverUrl, productIds } });
    else {
      if (title !== room.title) room = await api.call(patchRoom, { params: { id: room.id }, body: { title } });
      await api.call(putBag, { params: { id: room.id }, body: { productIds } });
    }
    await api.call(startRoom, { params: { id: room.id }, body: {} });
    return room.id;
  };
};
