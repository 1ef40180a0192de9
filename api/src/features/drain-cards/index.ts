/**
 * Drain cards (引流): follow the account, join the store's group, add the guide.
 *
 * Model: one card a kind and place (a unit, or a guide of it). A room shows a *kind*; which card that is, is decided for each
 * viewer when they ask (routing.policy.ts): a bond decides, and is never changed by it. Expired codes are shown to nobody.
 * Impressions and taps are one row a person, card and room, and count only the card that the room really shows that person.
 */
import {
  type BodyOf,
  type DrainCard,
  EXPIRY_WARNING_HOURS,
  GROUP_CODE_DAYS,
  getMyDrainCard,
  listDrainCards,
  markDrainCard,
  putDrainCard,
  type RoutedDrainCard,
  removeDrainCard,
  showDrainCard,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { type Files, pictureUrl } from '../files/index.ts';
import { type CardFigures, type CardRow, createDrainCardsRepository } from './drain-cards.repository.ts';
import { type CardOwner, ownerFor, routeCard } from './routing.policy.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Of one person: a card comes up a few times in a live. */
const MARKS_PER_MINUTE = 20;

const toRouted = (card: CardRow): RoutedDrainCard => ({
  id: card.id,
  kind: card.kind,
  store: card.unitName,
  guide: card.guideName,
  title: card.title,
  hint: card.hint,
  link: card.link,
  pictureUrl: pictureUrl(card.pictureId),
});

/** The card by which somebody of a unit reaches their guide, outside of any room. */
export async function guideCardOf(sql: Sql, owner: CardOwner, at: Date): Promise<RoutedDrainCard | null> {
  const card = routeCard('guide', owner, await createDrainCardsRepository(sql).goodAlong(owner.unitPath, at));
  return card ? toRouted(card) : null;
}

export function createDrainCards(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
  files: Files;
  findRoom: (roomId: string) => Promise<{ id: string; orgPath: string; state: 'scheduled' | 'live' | 'ended' }>;
}) {
  const { bind, db, clock } = deps;
  const rows = createDrainCardsRepository(db.sql);
  const marks = createLimit({ points: MARKS_PER_MINUTE, seconds: 60 });

  function toView(row: CardRow & CardFigures): DrainCard {
    const leftMs = row.expiresAt === null ? Number.POSITIVE_INFINITY : row.expiresAt.getTime() - clock.now().getTime();
    return {
      id: row.id,
      kind: row.kind,
      orgUnit: { id: row.unitId, kind: row.unitKind, path: row.unitPath, name: row.unitName },
      guide: row.guideId === null ? null : { id: row.guideId, name: row.guideName ?? '' },
      title: row.title,
      hint: row.hint,
      link: row.link,
      pictureUrl: pictureUrl(row.pictureId),
      expiresAt: row.expiresAt?.toISOString() ?? null,
      state: leftMs <= 0 ? 'expired' : leftMs <= EXPIRY_WARNING_HOURS * HOUR_MS ? 'ends_soon' : 'good',
      updatedAt: row.updatedAt.toISOString(),
      ...{ impressions: row.impressions, taps: row.taps, people: row.people, tappers: row.tappers },
    };
  }

  /** Guides look after their own card; managers and HQ after all of their units. */
  function requireMine(
    principal: StaffPrincipal,
    card: { orgPath: string; guideId: string | null; kind: string },
  ): void {
    requireScope(principal, 'rooms:write', card.orgPath);
    if (principal.staff.role === 'guide' && (card.kind !== 'guide' || card.guideId !== principal.personId))
      throw new AppError('forbidden');
  }

  /** A group's code is good for seven days from when its picture was uploaded, whatever somebody hopes. */
  async function expiryOf(principal: StaffPrincipal, body: BodyOf<typeof putDrainCard>): Promise<Date | null> {
    const wanted = body.expiresAt === null ? null : new Date(body.expiresAt);
    const known = await rows.pictureOf(body.kind, body.orgUnitId, body.guideId);
    let latest: Date | null = null;
    if (body.pictureId !== null && body.pictureId !== known?.pictureId) {
      const file = await deps.files.mine(db.sql, body.pictureId, 'card', principal.personId);
      if (body.kind === 'store_group') latest = new Date(file.createdAt.getTime() + GROUP_CODE_DAYS * DAY_MS);
    } else if (body.kind === 'store_group' && body.pictureId !== null) latest = known?.expiresAt ?? null;
    if (wanted && wanted <= clock.now())
      throw new AppError('invalid_request', { issues: [{ path: '/expiresAt', issue: 'in_the_past' }] });
    return wanted && (latest === null || wanted < latest) ? wanted : latest;
  }

  async function put(principal: StaffPrincipal, body: BodyOf<typeof putDrainCard>): Promise<DrainCard> {
    const unit = await rows.findUnit(body.orgUnitId);
    if (!unit) throw new AppError('not_found');
    requireMine(principal, { ...body, orgPath: unit.path });
    if (body.link === null && body.pictureId === null)
      throw new AppError('invalid_request', { issues: [{ path: '/link', issue: 'leads_nowhere' }] });
    if (body.guideId !== null) {
      if (body.kind !== 'guide')
        throw new AppError('invalid_request', { issues: [{ path: '/guideId', issue: 'wrong_kind' }] });
      if (!(await rows.worksIn(body.guideId, body.orgUnitId))) throw new AppError('not_found');
    }
    const expiresAt = await expiryOf(principal, body);
    const target = `card:${body.kind}:${body.orgUnitId}`;
    const { personId } = principal;
    await deps.guard.requireClean({ place: 'card', target, orgPath: unit.path, roomId: null, personId }, [
      body.title,
      body.hint,
    ]);
    const id = await db.transaction(async (tx) => {
      const at = clock.now();
      const terms = { ...body, id: deps.random.id(), orgPath: unit.path, expiresAt, by: personId, at };
      const saved = await createDrainCardsRepository(tx).put(terms);
      await writeAudit(tx, deps, {
        ...{ actorId: personId, action: 'drain-card:set', target: `card:${saved}`, orgPath: unit.path },
        detail: { kind: body.kind, guide: body.guideId, link: body.link, picture: body.pictureId },
      });
      return saved;
    });
    const [made] = await rows.list(principal.staff.orgPath, id);
    if (!made) throw new AppError('not_found');
    return toView(made);
  }

  async function routed(roomId: string, personId: string): Promise<CardRow | undefined> {
    const shown = await rows.shown(roomId);
    if (!shown) return undefined;
    const at = clock.now();
    const context = await rows.context(roomId, personId, at);
    if (!context) return undefined;
    const { bondKind, bondPath, bondGuide, guideIsThere, ...room } = context;
    const bond =
      bondKind && bondPath ? { unitKind: bondKind, unitPath: bondPath, guideId: bondGuide, guideIsThere } : undefined;
    const owner = ownerFor(bond, room);
    return routeCard(shown.kind, owner, await rows.goodAlong(owner.unitPath, at));
  }
  bind(listDrainCards, async ({ principal }) => ({
    items: (await rows.list(principal.staff.orgPath, null)).map(toView),
  }));
  bind(putDrainCard, ({ principal, body }) => put(principal, body));
  bind(removeDrainCard, async ({ principal, params }) => {
    const card = await rows.find(params.id);
    if (!card) throw new AppError('not_found');
    requireMine(principal, card);
    await db.transaction(async (tx) => {
      if (!(await createDrainCardsRepository(tx).remove(params.id, clock.now()))) return;
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'drain-card:removed', target: `card:${params.id}` },
        ...{ orgPath: card.orgPath, detail: { kind: card.kind } },
      });
    });
    return undefined;
  });
  bind(showDrainCard, async ({ principal, params, body }) => {
    const room = await deps.findRoom(params.id);
    requireScope(principal, 'rooms:operate', room.orgPath);
    if (room.state === 'ended') throw new AppError('state_conflict', { facts: { state: room.state } });
    await db.transaction(async (tx) => {
      const mine = createDrainCardsRepository(tx);
      if (!(await mine.show(room.id, body.kind, principal.personId, clock.now()))) return;
      await writeRoomEvent(tx, clock, room.id, { kind: 'drain-card:set', shown: await mine.shown(room.id) });
    });
    return { shown: await rows.shown(room.id) };
  });
  bind(getMyDrainCard, async ({ principal, params }) => {
    await deps.findRoom(params.id);
    const card = await routed(params.id, principal.personId);
    return { card: card ? toRouted(card) : null };
  });
  bind(markDrainCard, async ({ principal, params, body }) => {
    await marks.take(principal.personId);
    await deps.findRoom(params.id);
    if (principal.staff) return {}; // the crew looks, it does not count (rule Z8)
    const card = await routed(params.id, principal.personId);
    if (card?.id === body.cardId)
      await rows.count({
        ...{ cardId: card.id, roomId: params.id, personId: principal.personId },
        ...{ tapped: body.what === 'tapped', at: clock.now() },
      });
    return {};
  });

  return { shown: rows.shown };
}
