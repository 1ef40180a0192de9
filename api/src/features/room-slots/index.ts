/** Recurring slots: see room-slots.service.ts for the model. */
import { createRoomSlot, endRoomSlot, listRoomSlots, patchRoomSlot } from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createRoomSlotsService, type RoomSlotsDeps } from './room-slots.service.ts';

export const SLOTS_JOB = 'room-slots';
const ALIGN_EVERY_MS = 60_000;

export function createRoomSlots(deps: RoomSlotsDeps & { bind: Binder; jobs: Jobs }): void {
  const { bind } = deps;
  const slots = createRoomSlotsService(deps);
  bind(listRoomSlots, async ({ principal }) => ({ items: await slots.list(principal) }));
  bind(createRoomSlot, ({ principal, body }) => slots.create(principal, body));
  bind(patchRoomSlot, ({ principal, params, body }) => slots.patch(principal, params.id, body));
  bind(endRoomSlot, ({ principal, params }) => slots.end(principal, params.id));
  deps.jobs.every(SLOTS_JOB, ALIGN_EVERY_MS, async () => void (await slots.alignAll()));
}
