/** What staff read of the network, within their scope; names by role and place (rule Z6), phones never. */
import {
  fenToWire,
  isWithin,
  type NetworkPerson,
  type networkChain,
  type networkChildren,
  type networkDiagnosis,
  type networkKeyPeople,
  type networkLayout,
  type networkPath,
  type networkPerson,
  type networkRoots,
  type networkSearch,
  type QueryOf,
  type ReplyOf,
} from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import { cutPage } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { nameFor, nameScope } from '../bindings/index.ts';
import { advise } from './diagnosis.policy.ts';
import { decodeFigureCursor, encodeFigureCursor, type FigureCursor } from './figure-cursor.policy.ts';
import { findWay } from './introducers.policy.ts';
import { createPictures, drawNetwork } from './layout.ts';
import { acquaintancesOf, peopleOfPicture, stateOf } from './picture.repository.ts';
import * as rows from './reading.repository.ts';

const CHAIN_SHOWN = 200;

const personOf = (
  { staff, personId }: StaffPrincipal,
  scope: rows.Scope,
  row: rows.PersonRow,
): NetworkPerson['person'] => nameFor(staff, row, row.ownOrders > 0 ? [scope.path] : [], personId);

export function toNetworkPerson(principal: StaffPrincipal, scope: rows.Scope, row: rows.PersonRow): NetworkPerson {
  const { staff } = principal;
  return {
    person: personOf(principal, scope, row),
    role: row.kind,
    store: row.ownerPath !== null && isWithin(row.ownerPath, staff.orgPath) ? row.store : null,
    joinedAt: row.joinedAt?.toISOString() ?? null,
    lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
    below: {
      people: row.people,
      active: row.active,
      fresh: row.fresh,
      orders: row.orders,
      gmvFen: fenToWire(row.grossFen),
      refundedFen: fenToWire(row.refundedFen),
    },
    own: {
      orders: row.ownOrders,
      gmvFen: fenToWire(row.ownGrossFen),
      refundedFen: fenToWire(row.ownRefundedFen),
    },
  };
}

/** A unit of the asker's own scope; `not_found` for any other, as if it did not exist. */
export async function requireNetworkScope(
  db: Pick<Db, 'sql'>,
  { staff }: StaffPrincipal,
  orgPath: string | undefined,
): Promise<rows.Scope> {
  const path = orgPath ?? staff.orgPath;
  const scope = isWithin(path, staff.orgPath) ? await rows.scopeOf(db.sql, path) : undefined;
  if (!scope) throw new AppError('not_found');
  return scope;
}

export function createForestService(deps: { db: Db; clock: Clock }) {
  const { db, clock } = deps;
  const pictures = createPictures(deps);

  const peopleOf = async (principal: StaffPrincipal, scope: rows.Scope, ids: readonly string[]) =>
    (await rows.describe(db.sql, scope, ids)).map((row) => toNetworkPerson(principal, scope, row));

  async function requirePerson(scope: rows.Scope, id: string): Promise<string> {
    const known = await rows.knownPerson(db.sql, scope, id);
    if (known === undefined) throw new AppError('not_found');
    return known;
  }

  async function pageOf(
    principal: StaffPrincipal,
    scope: rows.Scope,
    query: { after: FigureCursor | undefined; limit: number; sort: rows.PickPage['sort'] },
    pick: (page: rows.PickPage) => Promise<rows.Picked[]>,
  ) {
    const { sort, after, limit } = query;
    const picked = await pick({ sort, after, limit: limit + 1 });
    const { rows: shown, nextCursor } = cutPage(picked, limit, encodeFigureCursor);
    const ids = shown.map(({ id }) => id);
    return { items: await peopleOf(principal, scope, ids), nextCursor };
  }

  return {
    async roots(principal: StaffPrincipal, query: QueryOf<typeof networkRoots>): Promise<ReplyOf<typeof networkRoots>> {
      const after = decodeFigureCursor(query.cursor);
      const scope = await requireNetworkScope(db, principal, query.orgPath);
      const found = await pageOf(principal, scope, { ...query, after }, (page) => rows.pickRoots(db.sql, scope, page));
      return { at: clock.now().toISOString(), ...found };
    },

    async person(principal: StaffPrincipal, wanted: string): Promise<ReplyOf<typeof networkPerson>> {
      const scope = await requireNetworkScope(db, principal, undefined);
      const id = await requirePerson(scope, wanted);
      const [row] = await rows.describe(db.sql, scope, [id]);
      if (!row) throw new AppError('not_found');
      const [inviter] = row.inviterId === null ? [] : await rows.describe(db.sql, scope, [row.inviterId]);
      const levels = await rows.levelsOf(db.sql, scope, id);
      return {
        ...toNetworkPerson(principal, scope, row),
        inviter: inviter ? personOf(principal, scope, inviter) : null,
        levels: levels.map(({ level, people, orders, grossFen, refundedFen }) => ({
          ...{ level, people, orders, gmvFen: fenToWire(grossFen), refundedFen: fenToWire(refundedFen) },
        })),
      };
    },

    async children(
      principal: StaffPrincipal,
      wanted: string,
      query: QueryOf<typeof networkChildren>,
    ): Promise<ReplyOf<typeof networkChildren>> {
      const after = decodeFigureCursor(query.cursor);
      const scope = await requireNetworkScope(db, principal, undefined);
      const id = await requirePerson(scope, wanted);
      return pageOf(principal, scope, { ...query, after }, (page) => rows.pickChildren(db.sql, scope, id, page));
    },

    async chain(principal: StaffPrincipal, wanted: string): Promise<ReplyOf<typeof networkChain>> {
      const scope = await requireNetworkScope(db, principal, undefined);
      const id = await requirePerson(scope, wanted);
      const above = await rows.chainOf(db.sql, id, CHAIN_SHOWN + 1);
      const shown = above.slice(0, CHAIN_SHOWN).map((one) => one.id);
      return { items: await peopleOf(principal, scope, shown), more: above.length > CHAIN_SHOWN };
    },

    async path(principal: StaffPrincipal, query: QueryOf<typeof networkPath>): Promise<ReplyOf<typeof networkPath>> {
      const scope = await requireNetworkScope(db, principal, undefined);
      const from = await requirePerson(scope, query.from ?? principal.personId);
      const to = await requirePerson(scope, query.to);
      const way = await findWay(from, to, acquaintancesOf(db.sql, scope));
      const people = await rows.describe(
        db.sql,
        scope,
        way.steps.map(({ id }) => id),
      );
      const named = new Map(people.map((row) => [row.id, personOf(principal, scope, row)]));
      return {
        steps: way.steps.map(({ id, tie }) => ({ person: named.get(id) ?? { id, name: '' }, tie })),
        shortest: way.shortest,
      };
    },

    async diagnosis(
      principal: StaffPrincipal,
      query: QueryOf<typeof networkDiagnosis>,
    ): Promise<ReplyOf<typeof networkDiagnosis>> {
      const scope = await requireNetworkScope(db, principal, query.orgPath);
      const id = query.personId === undefined ? null : await requirePerson(scope, query.personId);
      const [levels, largestBranch] = await Promise.all([
        rows.levelsOf(db.sql, scope, id),
        rows.largestBranch(db.sql, scope, id),
      ]);
      const sum = (read: (level: rows.LevelRow) => number) => levels.reduce((all, level) => all + read(level), 0);
      const sumFen = (read: (level: rows.LevelRow) => bigint) => levels.reduce((all, level) => all + read(level), 0n);
      const state = {
        people: sum(({ people }) => people),
        active: sum(({ active }) => active),
        last30Days: sum(({ fresh30 }) => fresh30),
        previous30Days: sum(({ fresh60, fresh30 }) => fresh60 - fresh30),
        bringers: sum(({ bringers }) => bringers),
        largestBranch,
        orders: sum(({ orders }) => orders),
        grossFen: sumFen(({ grossFen }) => grossFen),
        refundedFen: sumFen(({ refundedFen }) => refundedFen),
      };
      return {
        at: clock.now().toISOString(),
        people: state.people,
        depth: Math.max(0, ...levels.filter(({ people }) => people > 0).map(({ level }) => level)),
        levels: levels.map(({ level, people }) => ({ level, people })),
        growth: { last30Days: state.last30Days, previous30Days: state.previous30Days },
        active: state.active,
        bringers: state.bringers,
        largestBranch,
        orders: state.orders,
        gmvFen: fenToWire(state.grossFen),
        refundedFen: fenToWire(state.refundedFen),
        advice: advise(state),
      };
    },

    async keyPeople(
      principal: StaffPrincipal,
      { orgPath, by, sort, limit }: QueryOf<typeof networkKeyPeople>,
    ): Promise<ReplyOf<typeof networkKeyPeople>> {
      const scope = await requireNetworkScope(db, principal, orgPath);
      const picked =
        by === 'brought'
          ? await rows.pickBringers(db.sql, scope, sort, limit)
          : await rows.pickPromising(db.sql, scope, clock.now(), limit);
      const ids = picked.map(({ id }) => id);
      return { items: await peopleOf(principal, scope, ids) };
    },

    async search(
      principal: StaffPrincipal,
      { orgPath, q, limit }: QueryOf<typeof networkSearch>,
    ): Promise<ReplyOf<typeof networkSearch>> {
      const scope = await requireNetworkScope(db, principal, orgPath);
      const consumersToo = nameScope(principal.staff) !== null;
      const found = await rows.searchPeople(db.sql, scope, { q, consumersToo, limit });
      const ids = found.map(({ id }) => id);
      return { items: await peopleOf(principal, scope, ids) };
    },

    /** Bytes for `decodeNetworkLayout`. */
    async layout(principal: StaffPrincipal, { orgPath, people }: QueryOf<typeof networkLayout>): Promise<ArrayBuffer> {
      const scope = await requireNetworkScope(db, principal, orgPath);
      const { version } = await stateOf(db.sql);
      return pictures.of(`${scope.path} ${people}`, version, async () =>
        drawNetwork(await peopleOfPicture(db.sql, scope, clock.now(), people), Number(version)),
      );
    },
  };
}
export type ForestService = ReturnType<typeof createForestService>;
