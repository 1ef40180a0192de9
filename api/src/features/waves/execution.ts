/**
 * The hand of a wave: does what is due.
 *
 * Model: an action is claimed (running, for a minute), then done in one transaction with its mark, so its effect and its being done
 * are one fact; a process that dies in between leaves a claim that lapses, and nothing else. What went wrong for a reason that
 * may pass is tried again; what the rules refuse has failed, and waits for a person.
 * Invariants: actions of a wave happen in order, one at a time; what has failed for good holds nobody up, but what needs its room
 * fails too; every effect has the rights that whoever added it has today, reaches no room outside of the wave's unit, and what
 * people read of it is judged by the words of today.
 */
import { isWithin, type WaveAction } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { BagFeature } from '../bag/index.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { MessageDraft, Messages } from '../messages/index.ts';
import { mayHost, type Rooms } from '../rooms/index.ts';
import { eachPage } from './audience.ts';
import { isTooLate, lastMoment, nextTry } from './waves.policy.ts';
import * as rows from './waves.repository.ts';

const CLAIM_MS = 60_000;
const ACTIONS_AT_ONCE = 100;
const DEFAULT_COVER = '/pictures/room-new-product-evening.svg';

export interface ExecutionDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rooms: Pick<Rooms, 'planned' | 'end'>;
  readonly offersWithin: BagFeature['offersWithin'];
  readonly messages: Pick<Messages, 'enqueue' | 'quietUntil'>;
  readonly guard: Pick<ClaimGuard, 'requireClean'>;
}
type Outcome = {
  readonly state: 'done' | 'skipped';
  readonly reason: string | null;
  readonly result: WaveAction['result'];
};
const done = (result: WaveAction['result']): Outcome => ({ state: 'done', reason: null, result });
const skipped = (reason: string): Outcome => ({ state: 'skipped', reason, result: {} });

/** Refused by a rule of the wave's own; its text is the reason that people see. */
class Refused extends Error {}

export function createExecution(deps: ExecutionDeps) {
  const { db, clock, log, rooms } = deps;

  /** Undefined: none is named, and the wave has announced none before. One that should be there and is not is refused. */
  async function roomMeant(sql: Sql, wave: rows.WaveRow, action: rows.ClaimedAction) {
    const { deed } = action;
    const id = (deed.kind === 'room_open' ? null : deed.roomId) ?? (await rows.roomBefore(sql, action));
    if (id === undefined) return undefined;
    const room = id === null ? undefined : await rows.findRoom(sql, id);
    if (!room) throw new Refused('no_room');
    if (!isWithin(room.orgPath, wave.orgPath)) throw new Refused('other_unit');
    return room;
  }
  async function roomFor(sql: Sql, wave: rows.WaveRow, action: rows.ClaimedAction) {
    const room = await roomMeant(sql, wave, action);
    if (!room) throw new Refused('no_room');
    return room;
  }

  /** Undefined: not now, and nothing was done. */
  async function effect(
    tx: Tx,
    wave: rows.WaveRow,
    action: rows.ClaimedAction,
    by: StaffPrincipal,
  ): Promise<Outcome | undefined> {
    const { deed } = action;
    const now = clock.now();
    /** Words may have been forbidden since they were planned. */
    const requireClean = (text: string) =>
      deps.guard.requireClean(
        { place: 'room', target: `wave:${wave.id}`, orgPath: wave.orgPath, roomId: null, personId: by.personId },
        [text],
      );
    switch (deed.kind) {
      case 'room_open': {
        requireScope(by, 'rooms:write', wave.orgPath);
        await requireClean(deed.title);
        const host = await rows.staffNow(tx, deed.hostId);
        if (!mayHost(host?.staff, wave.orgPath)) throw new AppError('not_found');
        const roomId = await rooms.planned.make(tx, {
          ...{ orgUnitId: wave.orgUnitId, orgPath: wave.orgPath, hostId: deed.hostId, title: deed.title },
          coverUrl: deed.coverUrl ?? DEFAULT_COVER,
          scheduledAt: new Date(deed.scheduledAt),
          productIds: deed.productIds,
        });
        return done({ roomId });
      }
      case 'room_close': {
        const room = await roomFor(tx, wave, action);
        requireScope(by, 'rooms:write', room.orgPath);
        if (await rooms.planned.callOff(tx, room, { actorId: by.personId, reason: 'wave' }))
          return done({ roomId: room.id });
        // It may have gone live since it was looked at: then the next try ends it.
        return (await rows.findRoom(tx, room.id))?.state === 'ended' ? done({ roomId: room.id }) : undefined;
      }
      case 'offer_open': {
        const room = await roomFor(tx, wave, action);
        const { skuId, priceFen, cap, perPersonLimit } = deed;
        const durationSeconds = Math.ceil((Date.parse(deed.until) - now.getTime()) / 1_000);
        const offer = await deps
          .offersWithin(tx)
          .open(by, room.id, { skuId, priceFen, durationSeconds, cap, perPersonLimit });
        return done({ roomId: room.id, offerId: offer.id });
      }
      case 'offer_close': {
        const room = await roomFor(tx, wave, action);
        const [offer] = await tx<{
          id: string;
        }>`SELECT id FROM offers WHERE room_id = ${room.id} AND sku_id = ${deed.skuId} AND state = 'open' AND ends_at > ${now}`;
        if (!offer) return skipped('nothing_open');
        await deps.offersWithin(tx).patch(by, offer.id, { state: 'closed' });
        return done({ roomId: room.id, offerId: offer.id });
      }
      case 'message': {
        requireScope(by, 'campaigns:write', wave.orgPath);
        await requireClean(deed.text);
        const room = deed.audience === 'booked' ? await roomFor(tx, wave, action) : await roomMeant(tx, wave, action);
        const scope = { audience: deed.audience, orgPath: wave.orgPath, roomId: room?.id ?? null, at: now };
        const expiresAt = lastMoment(action, await deps.messages.quietUntil(action.at));
        let people = 0;
        await eachPage(tx, scope, async (page) => {
          const drafts = page.map(
            ({ id }): MessageDraft => ({
              key: `wave:${action.id}:${id}`,
              personId: id,
              kind: 'campaign',
              why: deed.audience === 'booked' ? 'booked' : 'customer',
              unit: { id: wave.orgUnitId, path: wave.orgPath },
              roomId: room?.id ?? null,
              waveActionId: action.id,
              content: {
                roomTitle: room?.title ?? '',
                unitName: wave.unitName,
                coverUrl: room?.coverUrl ?? '',
                scheduledAt: room?.scheduledAt?.toISOString() ?? null,
                text: deed.text,
              },
              expiresAt,
            }),
          );
          await deps.messages.enqueue(tx, drafts);
          people += drafts.length;
        });
        return done({ people, ...(room ? { roomId: room.id } : {}) });
      }
    }
  }

  /** A live room is ended by its own transaction, which is the same again; the mark comes after. */
  async function endLive(wave: rows.WaveRow, action: rows.ClaimedAction, by: StaffPrincipal): Promise<void> {
    if (action.deed.kind !== 'room_close') return;
    const room = await roomFor(db.sql, wave, action);
    if (room.state === 'live' && (await db.transaction((tx) => rows.holdClaim(tx, action))))
      await rooms.end(by, room.id);
  }

  async function attempt(action: rows.ClaimedAction): Promise<void> {
    const [wave] = await rows.selectWaves(db.sql, { id: action.waveId, limit: 1 });
    if (!wave) return;
    const finish = (tx: Tx, outcome: Outcome) => rows.finishAction(tx, action, { ...outcome, at: clock.now() });
    try {
      const by = await rows.staffNow(db.sql, action.addedById);
      if (!by) throw new AppError('forbidden');
      const isLate = isTooLate(action, clock.now(), await deps.messages.quietUntil(action.at));
      if (!isLate) await endLive(wave, action, by);
      const isDone = await db.transaction(async (tx) => {
        if (!(await rows.holdClaim(tx, action))) return false;
        const outcome = isLate ? skipped('too_late') : await effect(tx, wave, action, by);
        if (outcome) await finish(tx, outcome);
        return outcome !== undefined;
      });
      // Paused or cancelled since it was claimed, or not to be done now: as if it had not been.
      if (!isDone) await rows.putBack(db.sql, action, null, null);
    } catch (error) {
      const now = clock.now();
      const reason = error instanceof Refused ? error.message : error instanceof AppError ? error.code : 'internal';
      const mayPass = !(error instanceof Refused) && (!(error instanceof AppError) || error.code === 'internal');
      const again = mayPass ? nextTry(action.attempts, now) : undefined;
      log[mayPass ? 'error' : 'warn'](
        { err: error, waveId: wave.id, actionId: action.id, reason },
        'wave: action failed',
      );
      if (again) await rows.putBack(db.sql, action, again, reason);
      else await rows.finishAction(db.sql, action, { state: 'failed', reason, result: {}, at: now });
    }
  }

  return {
    /** Everything that is due now, wave by wave in order; answers how many actions were tried. */
    async runDue(): Promise<number> {
      let tried = 0;
      for (; tried < ACTIONS_AT_ONCE; tried++) {
        const now = clock.now();
        const action = await db.transaction((tx) => rows.claimNext(tx, now, new Date(now.getTime() + CLAIM_MS)));
        if (!action) break;
        await attempt(action);
      }
      await rows.closeFinished(db.sql, clock.now());
      return tried;
    },
  };
}
