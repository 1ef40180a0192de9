import {
  cancelDraw,
  claimPrize,
  drawnPrizes,
  drawParticipants,
  listDraws,
  listPrizes,
  myDraw,
  myPrizes,
  prepareDraw,
  publicDraw,
  shipPrize,
} from '@walnut-live/contracts';
import { z } from 'zod';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { toDraw } from './draws.repository.ts';
import type { DrawsService } from './draws.service.ts';
import type { Prizes } from './prizes.service.ts';

/** Ids read at once while a list is written out. */
const IDS_AT_ONCE = 5_000;

const IdKey = z.string().regex(/^[0-9a-f]{32}$/);
function decodeIdCursor(cursor: string | undefined): string {
  if (cursor === undefined) return '';
  const key = IdKey.safeParse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!key.success) throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] });
  return key.data;
}

/** One row more than asked for says that there is another page. */
function pageOf<T extends { id: string; wonAt: string }>(found: readonly T[], limit: number) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const cursor = found.length > limit && last ? encodeTimeCursor({ at: new Date(last.wonAt), id: last.id }) : null;
  return { items, nextCursor: cursor };
}

export function bindDrawRoutes(bind: Binder, draws: DrawsService, prizes: Prizes): void {
  bind(prepareDraw, ({ principal, body }) => draws.prepare(principal, body));
  bind(cancelDraw, ({ principal, params, body }) => draws.cancel(principal, params.id, body.reason));
  bind(publicDraw, ({ params }) => draws.find(params.id));
  bind(listDraws, async ({ query }) => {
    const found = await draws.ofRoom(query.roomId, decodeTimeCursor(query.cursor), query.limit + 1);
    const { rows: items, nextCursor } = cutPage(found, query.limit, (last) =>
      encodeTimeCursor({ at: last.preparedAt, id: last.id }),
    );
    return {
      items: items.map(toDraw),
      nextCursor,
    };
  });
  bind(drawParticipants, async ({ params, query, res }) => {
    let after = decodeIdCursor(query.cursor);
    if (query.format === 'json') {
      const found = await draws.frozen(params.id, after, query.limit + 1);
      const { rows: items, nextCursor } = cutPage(found, query.limit, (last) =>
        Buffer.from(last).toString('base64url'),
      );
      return {
        items,
        nextCursor,
      };
    }
    let ids = await draws.frozen(params.id, after, IDS_AT_ONCE);
    res.type('application/x-ndjson');
    while (ids.length > 0) {
      if (!res.write(ids.map((id) => `${JSON.stringify(id)}\n`).join('')))
        await new Promise((drained) => res.once('drain', drained).once('close', drained));
      if (res.destroyed) return written;
      after = ids.at(-1) ?? after;
      ids = ids.length < IDS_AT_ONCE ? [] : await draws.frozen(params.id, after, IDS_AT_ONCE);
    }
    res.end();
    return written;
  });
  bind(myDraw, async ({ principal, params }) => ({
    ...(await draws.mine(principal, params.id)),
    prize: await prizes.inDraw(principal.personId, params.id),
  }));

  bind(myPrizes, async ({ principal, query }) =>
    pageOf(await prizes.ofPerson(principal.personId, decodeTimeCursor(query.cursor), query.limit + 1), query.limit),
  );
  bind(listPrizes, async ({ principal, query: { state, cursor, limit } }) =>
    pageOf(await prizes.inScope(principal, { state, after: decodeTimeCursor(cursor), limit: limit + 1 }), limit),
  );
  bind(claimPrize, ({ principal, params, body }) => prizes.claim(principal, params.id, body.address));
  bind(drawnPrizes, async ({ principal, params }) => {
    await draws.operable(principal, params.id);
    return prizes.ofDraw(principal, params.id);
  });
  bind(shipPrize, ({ principal, params, body }) => prizes.ship(principal, params.id, body.trackingNo));
}
