/** Facts of committed transactions enter the room log: in order, each once, however often the outbox shows them. */
import type { OutboxPublisher } from '../platform/outbox.ts';
import type { RoomLog } from './room-log.ts';

export function feedFromOutbox(deps: { outbox: Pick<OutboxPublisher, 'subscribe'>; roomLog: Pick<RoomLog, 'append'> }) {
  return deps.outbox.subscribe(async (messages) => {
    await Promise.all(
      messages.map(({ id, roomId, event, at }) => deps.roomLog.append(roomId, event, { eventId: `outbox:${id}`, at })),
    );
  });
}
