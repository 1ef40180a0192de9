/** Facts of committed transactions enter the room log: in order, each once, however often the outbox shows them. */
import type { OutboxPublisher } from '../platform/outbox.ts';
import type { Tracing } from '../platform/tracing.ts';
import type { RoomLog } from './room-log.ts';

export function feedFromOutbox(deps: {
  outbox: Pick<OutboxPublisher, 'subscribe'>;
  roomLog: Pick<RoomLog, 'append'>;
  tracing: Pick<Tracing, 'span'>;
}) {
  return deps.outbox.subscribe(async (messages) => {
    await Promise.all(
      messages.map(({ id, roomId, event, at, traceparent: parent }) =>
        deps.tracing.span(
          'room-log.append',
          () => deps.roomLog.append(roomId, event, { eventId: `outbox:${id}`, at }),
          { parent: parent ?? null, facts: { 'walnut.kind': event.kind } },
        ),
      ),
    );
  });
}
