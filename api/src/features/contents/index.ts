/**
 * The content library (素材库): what staff publish for others to share, and what each item brought.
 *
 * Model: an item belongs to a unit and is for everybody at or below it; it is published once, as it is, and withdrawn with a
 * reason. It leads to a room, and to a product or an offer (a coupon that whoever opens it can claim) where it names one.
 * Invariants: the word list reads title and text before anything is written (rule Z3); a withdrawn item is shown to nobody, its
 * file neither, while links to it go on to its room (rule A6) and its figures stay.
 */
import {
  type BodyOf,
  type Content,
  getContent,
  getContentFile,
  isWithin,
  listContents,
  manageContents,
  publishContent,
  uploadContentFile,
  withdrawContent,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { Files } from '../files/index.ts';
import { createContentRows, toContent, toPublicContent } from './contents.repository.ts';

export { createContentRows } from './contents.repository.ts';

/** The first part of a file's type, for what kind of item it can be. */
const partOf = { picture: 'image', voice: 'audio', video: 'video' } as const;

const invalid = (path: string, issue: string) => new AppError('invalid_request', { issues: [{ path, issue }] });

export function createContents(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
  files: Files;
}): void {
  const { bind, db, clock, files } = deps;
  const rows = createContentRows(db.sql);

  async function find(id: string) {
    const [row] = await rows.read([id]);
    if (!row) throw new AppError('not_found');
    return row;
  }
  async function published(id: string) {
    const row = await find(id);
    if (row.withdrawnAt !== null) throw new AppError('not_found');
    return row;
  }

  /** @throws AppError not_found, invalid_request */
  async function check(principal: StaffPrincipal, body: BodyOf<typeof publishContent>): Promise<string> {
    const orgPath = await rows.pathOfUnit(body.orgUnitId);
    if (orgPath === undefined) throw new AppError('not_found');
    requireScope(principal, 'content:write', orgPath);
    const roomPath = await rows.pathOfRoom(body.roomId);
    if (roomPath === undefined || !isWithin(roomPath, orgPath)) throw invalid('/roomId', 'not_of_this_unit');
    if (body.productId !== null && !(await rows.isInBag(body.roomId, body.productId)))
      throw invalid('/productId', 'not_in_bag');
    if (body.couponKindId !== null) {
      const kind = await rows.couponKind(body.couponKindId);
      if (!kind?.isOpen || !isWithin(orgPath, kind.orgPath)) throw invalid('/couponKindId', 'not_claimable_here');
    }
    if (body.fileId !== null && body.kind !== 'text') {
      const file = await files.mine(db.sql, body.fileId, 'content', principal.personId);
      if (!file.mediaType.startsWith(`${partOf[body.kind]}/`)) throw invalid('/fileId', 'wrong_kind');
    }
    return orgPath;
  }

  async function publish(principal: StaffPrincipal, body: BodyOf<typeof publishContent>): Promise<Content> {
    const orgPath = await check(principal, body);
    const id = deps.random.id();
    const { personId } = principal;
    await deps.guard.requireClean({ place: 'content', target: `content:${id}`, orgPath, roomId: null, personId }, [
      body.title,
      body.body,
    ]);
    await db.transaction(async (tx) => {
      await createContentRows(tx).insert({ ...body, id, orgPath, by: personId, at: clock.now() });
      await writeAudit(tx, deps, {
        ...{ actorId: personId, action: 'content:published', target: `content:${id}`, orgPath },
        detail: { kind: body.kind, roomId: body.roomId, productId: body.productId, couponKindId: body.couponKindId },
      });
    });
    return toContent(await find(id));
  }

  /** Staff look down their scope; a customer sees what their store, or the room's, may share. */
  async function reachOf(principal: Principal, roomId: string | undefined) {
    if (roomId !== undefined) {
      const path = await rows.pathOfRoom(roomId);
      if (path === undefined) throw new AppError('not_found');
      return { at: path, under: null };
    }
    const { staff } = principal;
    if (staff) return { at: staff.orgPath, under: staff.orgPath };
    return { at: await rows.homeOf(principal.personId, clock.now()), under: null };
  }

  bind(listContents, async ({ principal, query }) => {
    const found = await rows.listed({
      ...(await reachOf(principal, query.roomId)),
      ...{ offers: query.offers !== undefined, withdrawnToo: false },
      ...{ after: decodeTimeCursor(query.cursor), limit: query.limit + 1 },
    });
    const { rows: items, nextCursor } = cutPage(found, query.limit, encodeTimeCursor);
    return { items: (await rows.read(items.map(({ id }) => id))).map(toPublicContent), nextCursor };
  });
  bind(getContent, async ({ params }) => toPublicContent(await published(params.id)));
  bind(getContentFile, async ({ params, req, res }) => {
    const { fileId } = await published(params.id);
    if (fileId === null) throw new AppError('not_found');
    await files.sendRange(req, res, fileId);
    return written;
  });
  bind(uploadContentFile, ({ principal, query, req, res }) =>
    files.takeContent(
      { req, res },
      { name: query.name, orgPath: principal.staff.orgPath, personId: principal.personId },
    ),
  );
  bind(manageContents, async ({ principal, query }) => {
    const found = await rows.listed({
      ...{ at: null, under: principal.staff.orgPath, offers: false, withdrawnToo: true },
      ...{ after: decodeTimeCursor(query.cursor), limit: query.limit + 1 },
    });
    const { rows: page, nextCursor } = cutPage(found, query.limit, encodeTimeCursor);
    const ids = page.map(({ id }) => id);
    const [items, figures] = await Promise.all([rows.read(ids), rows.figures(ids)]);
    return {
      items: items.map((row) => ({
        ...toContent(row),
        by: { id: row.byId, name: row.byName },
        withdrawnAt: row.withdrawnAt?.toISOString() ?? null,
        figures: figures.get(row.id) ?? {
          ...{ sharers: 0, links: 0, visitors: 0, newCustomers: 0, orders: 0, netFen: 0 },
        },
      })),
      nextCursor,
    };
  });
  bind(publishContent, ({ principal, body }) => publish(principal, body));
  bind(withdrawContent, async ({ principal, params, body }) => {
    const { orgPath } = await find(params.id);
    requireScope(principal, 'content:write', orgPath);
    await db.transaction(async (tx) => {
      if (!(await createContentRows(tx).withdraw(params.id, principal.personId, body.reason, clock.now()))) return;
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'content:withdrawn', target: `content:${params.id}` },
        ...{ orgPath, reason: body.reason },
      });
    });
    const { withdrawnAt } = await find(params.id);
    if (withdrawnAt === null) throw new AppError('internal', { detail: 'withdrawn content is there' });
    return { withdrawnAt: withdrawnAt.toISOString() };
  });
}
