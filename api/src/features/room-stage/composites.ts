/**
 * Tells the media servers which streams to show as one picture to a room's HLS viewers.
 *
 * Model: what a room's newest `stage:changed` says is what is ordered, one order after the other, so that the last one told
 * is the last one given; the media server keeps the order and does the work only while somebody watches by HLS. Nothing is
 * kept here: a media server that comes (back) is told of every stage that has co-hosts. Invariant: a relay orders nothing
 * (a room with co-hosts becomes none), its viewers watch the programme's stream and so the programme's composite.
 */
import type { CompositeOrder } from '@walnut-live/contracts';
import type { MediaControl } from '../../media-control/index.ts';
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import type { OutboxPublisher } from '../../platform/outbox.ts';
import { createCohostsRepository } from './cohosts.repository.ts';
import { compositeOf } from './stage.policy.ts';
import { readStages } from './stage.repository.ts';

export function declareComposites(deps: {
  db: Db;
  log: Logger;
  outbox: Pick<OutboxPublisher, 'subscribe'>;
  mediaControl: Pick<MediaControl, 'showTogether' | 'onConnect'>;
}): { close(): void } {
  const { db, log, mediaControl } = deps;
  let queue = Promise.resolve();

  async function give(roomId: string, order: CompositeOrder | null): Promise<void> {
    // Most rooms end without ever having had a guest.
    if (order || (await createCohostsRepository(db.sql).everHadSeats(roomId)))
      await mediaControl.showTogether(roomId, order);
  }

  const enqueue = (roomId: string, order: CompositeOrder | null): void => {
    queue = queue
      .then(() => give(roomId, order))
      .catch((error: unknown) => log.error({ err: error, roomId }, 'stage: composite not declared'));
  };

  const undos = [
    // Not awaited: whoever publishes the outbox waits for its subscribers.
    deps.outbox.subscribe(async (messages) => {
      for (const { roomId, event } of messages) {
        if (event.kind === 'stage:changed' && !event.stage.relay) enqueue(roomId, compositeOf(event.stage));
        if (event.kind === 'room:ended') enqueue(roomId, null);
      }
    }),
    mediaControl.onConnect(async () => {
      const stages = await readStages(db.sql, await createCohostsRepository(db.sql).roomsWithCohosts());
      for (const [roomId, stage] of stages) {
        const order = compositeOf(stage);
        if (order) enqueue(roomId, order);
      }
    }),
  ];
  return {
    close() {
      for (const undo of undos) undo();
    },
  };
}
