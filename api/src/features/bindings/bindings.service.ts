/**
 * Whose customer a person is, and who first brought them.
 *
 * Model: at most one standing bond per customer (others are history), at most one inviter per person. Invariants: nothing is
 * decided about a person without holding their lock; the invite edges are a forest (edges are written one transaction at a
 * time); a guest who became somebody keeps nothing of their own — what they had moves to the person, or ends.
 */
import type { getBinding, ReplyOf } from '@walnut-live/contracts';
import { isWithin } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import {
  type AttributionPolicy,
  type BindingReason,
  bindingTerms,
  decideBinding,
  isValid,
  type Owner,
  ownerBySharer,
} from './bindings.policy.ts';
import * as rows from './bindings.repository.ts';
import { nameFor } from './names.policy.ts';

interface Room {
  readonly orgUnitId: string;
  readonly hostId: string;
}

/** Staff read whose customer somebody is at headquarters, in the store of the owner, and where they bought. */
export function mayReadCustomer(
  staff: { orgPath: string },
  row: { unit_path: string | null; bought_at: readonly string[] },
): boolean {
  const places = [...(row.unit_path === null ? [] : [row.unit_path]), ...row.bought_at];
  return !staff.orgPath.includes('.') || places.some((path) => isWithin(path, staff.orgPath));
}

export function createBindingsService(deps: { db: Db; clock: Clock; random: Random }) {
  const { db, clock, random } = deps;

  async function bindTo(
    tx: Tx,
    customerId: string,
    owner: Owner,
    why: { reason: BindingReason; touchId: string | null; at: Date },
  ): Promise<void> {
    const current = await rows.currentBinding(tx, customerId);
    const decision = decideBinding(current, owner, why.at);
    if (decision === 'keep') return;
    if (current) await rows.endBinding(tx, current.id, why.at);
    const terms = bindingTerms(await rows.policyAt(tx, why.at), await rows.unitKind(tx, owner.storeId), why.at);
    await rows.insertBindings(tx, [{ id: random.id(), customerId, owner, ...why, ...terms }]);
  }

  /** Rule A5: first inviter wins; nobody invites themselves or somebody above them. */
  async function invite(tx: Tx, edge: rows.Edge): Promise<void> {
    if (edge.inviteeId === edge.inviterId || (await rows.hasInviter(tx, edge.inviteeId))) return;
    await rows.lockForest(tx);
    if (await rows.isAtOrAbove(tx, edge.inviteeId, edge.inviterId)) return;
    await rows.insertEdge(tx, edge);
  }

  /** A visit through a link. The visitor is locked by the caller (`lockPerson`). */
  async function onTouch(
    tx: Tx,
    touch: { id: string; visitorId: string; sharerId: string; room: Room; at: Date },
  ): Promise<void> {
    if (await rows.isStaff(tx, touch.visitorId)) return; // colleagues are nobody's customers
    const sharer = await rows.findActiveSharer(tx, touch.sharerId, touch.at);
    if (!sharer || sharer.id === touch.visitorId) return;
    const { owner, reason } = ownerBySharer(sharer, touch.room);
    await bindTo(tx, touch.visitorId, owner, { reason, touchId: touch.id, at: touch.at });
    await invite(tx, { inviteeId: touch.visitorId, inviterId: sharer.id, touchId: touch.id, at: touch.at });
  }

  /** Orders of people who are nobody's customers yet bind them to the room they were made in. Their locks are held. */
  async function onOrders(tx: Tx, orders: { personIds: readonly string[]; room: Room; at: Date }): Promise<void> {
    const { personIds, room, at } = orders;
    const ended = await rows.endInvalidBindings(tx, personIds, at);
    const free = personIds.filter((personId) => ended.has(personId));
    if (free.length === 0) return;
    const terms = bindingTerms(await rows.policyAt(tx, at), await rows.unitKind(tx, room.orgUnitId), at);
    const owner = { storeId: room.orgUnitId, guideId: room.hostId };
    await rows.insertBindings(
      tx,
      free.map((customerId) => ({
        ...{ id: random.id(), customerId, owner, reason: 'first_order' as const, touchId: null, at },
        ...terms,
      })),
    );
  }

  /** In the transaction of a merge: the person takes over bond and edges of the guest they were, where they have none. */
  async function onGuestBecamePerson(tx: Tx, guestId: string, personId: string): Promise<void> {
    await rows.lockBoth(tx, guestId, personId);
    const at = clock.now();
    const ofGuest = await rows.currentBinding(tx, guestId);
    if (ofGuest) {
      const ofPerson = await rows.currentBinding(tx, personId);
      if (ofPerson && isValid(ofPerson, at)) await rows.endBinding(tx, ofGuest.id, at);
      else {
        if (ofPerson) await rows.endBinding(tx, ofPerson.id, at);
        await rows.moveBinding(tx, ofGuest.id, personId);
      }
    }
    await rows.lockForest(tx);
    const renamed = (id: string) => (id === guestId ? personId : id);
    for (const edge of await rows.takeEdges(tx, guestId))
      await invite(tx, { ...edge, inviteeId: renamed(edge.inviteeId), inviterId: renamed(edge.inviterId) });
  }

  /** `not_found` for a customer the asker has nothing to do with, as if they did not exist. */
  async function read(principal: Principal, customerId: string): Promise<ReplyOf<typeof getBinding>> {
    const row = await rows.readBinding(db.sql, customerId, clock.now());
    if (!row) throw new AppError('not_found');
    const { staff } = principal;
    if (staff ? !mayReadCustomer(staff, row) : row.customer_id !== principal.personId) throw new AppError('not_found');

    const inviter =
      row.inviter_id === null
        ? null
        : {
            id: row.inviter_id,
            name: row.inviter_name ?? '',
            kind: row.inviter_kind ?? 'consumer',
            ownerPath: row.inviter_path,
          };
    return {
      customerId: row.customer_id,
      store:
        row.unit_id === null || row.unit_kind === null
          ? null
          : { id: row.unit_id, kind: row.unit_kind, path: row.unit_path ?? '', name: row.unit_name ?? '' },
      guide: row.guide_id === null ? null : { id: row.guide_id, name: row.guide_name ?? '' },
      reason: row.reason ?? '',
      boundAt: row.bound_at?.toISOString() ?? null,
      protectedUntil: row.protect_until?.toISOString() ?? null,
      validUntil: row.valid_until?.toISOString() ?? null,
      inviter: inviter === null ? null : staff ? nameFor(staff, inviter, []) : { id: inviter.id, name: inviter.name },
      invitedAt: row.invited_at?.toISOString() ?? null,
      bindingId: row.binding_id,
    };
  }

  return {
    lockPerson: rows.lockPerson,
    tryLockPeople: rows.tryLockPeople,
    onTouch,
    onOrders,
    onGuestBecamePerson,
    read,
    /** The policy in force at a moment. */
    policyAt: (tx: Tx, at: Date): Promise<AttributionPolicy> => rows.policyAt(tx, at),
  };
}
export type BindingsService = ReturnType<typeof createBindingsService>;
