/** Relays and cut-ins: who may move the pointer of a room, and the moves. */
import type { BodyOf, MediaGrant, openProgramme, Stage } from '@walnut-live/contracts';
import { isWithin } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { FollowMedia } from './follow-media.ts';
import { mayRelay } from './stage.policy.ts';
import { announce, createStageRepository, readStages } from './stage.repository.ts';

export type GrantMedia = (
  principal: Pick<Principal, 'personId'>,
  room: { id: string; streamId: string; hostId: string },
  right: MediaGrant['right'],
) => Promise<MediaGrant>;

export function createStageService(deps: {
  db: Db;
  clock: Clock;
  grantMedia: GrantMedia;
  follow: FollowMedia;
  /** Called after the commit that moved the pointers of these rooms. */
  moved: (roomIds: readonly string[]) => void;
}) {
  const { db, clock } = deps;

  async function room(principal: StaffPrincipal, roomId: string) {
    const found = await createStageRepository(db.sql).room(roomId);
    if (!found) throw new AppError('not_found');
    requireScope(principal, 'rooms:write', found.orgPath);
    return found;
  }

  /** @throws AppError not_found */
  async function read(roomId: string): Promise<Stage> {
    const stage = (await readStages(db.sql, [roomId])).get(roomId);
    if (!stage) throw new AppError('not_found');
    return stage;
  }

  async function tell(tx: Tx, roomIds: readonly string[]): Promise<void> {
    await announce(tx, clock, roomIds);
    tx.afterCommit(() => deps.moved(roomIds));
  }

  /**
   * A programme that a room at this path may show, locked until the transaction ends. One that is not open to it does not
   * exist for it. @throws AppError not_found, state_conflict when it has ended
   */
  async function lockProgramme(tx: Tx, programmeId: string, roomPath: string) {
    const programme = await createStageRepository(tx).lockProgramme(programmeId);
    if (!programme || !mayRelay(programme, roomPath)) throw new AppError('not_found');
    if (programme.state === 'ended') throw new AppError('state_conflict', { facts: { state: programme.state } });
    return programme;
  }

  return {
    read,

    async openProgramme(principal: StaffPrincipal, roomId: string, { openTo }: BodyOf<typeof openProgramme>) {
      const { orgPath, state, relayOf } = await room(principal, roomId);
      for (const path of openTo ?? []) if (!isWithin(path, orgPath)) throw new AppError('not_found');
      if (!(await createStageRepository(db.sql).setOpenTo(roomId, openTo ?? []))) {
        throw new AppError('state_conflict', { facts: { state, isRelay: relayOf !== null } });
      }
      return { openTo };
    },

    /** Points a new or scheduled room at a programme, inside the transaction that makes it. */
    async relayFrom(tx: Tx, roomId: string, roomPath: string, programmeId: string): Promise<void> {
      await lockProgramme(tx, programmeId, roomPath);
      await tell(tx, await createStageRepository(tx).toRelay(roomId, programmeId, clock.now()));
    },
    lockProgramme,

    async setRelay(principal: StaffPrincipal, roomId: string, programmeId: string): Promise<{ stage: Stage }> {
      const { orgPath } = await room(principal, roomId);
      await db.transaction(async (tx) => {
        await lockProgramme(tx, programmeId, orgPath);
        await createStageRepository(tx).lock(roomId);
        await tell(tx, await createStageRepository(tx).toRelay(roomId, programmeId, clock.now()));
      });
      const now = await room(principal, roomId);
      // Ended, a programme of others itself, with co-hosts, or a rival chose another programme.
      if (now.relayOf !== programmeId) throw new AppError('state_conflict', { facts: { state: now.state } });
      return { stage: await read(roomId) };
    },

    async dropRelay(principal: StaffPrincipal, roomId: string): Promise<{ stage: Stage }> {
      await room(principal, roomId);
      await db.transaction(async (tx) => tell(tx, await createStageRepository(tx).toOwn(roomId, clock.now())));
      const now = await room(principal, roomId);
      if (now.relayOf !== null) throw new AppError('state_conflict', { facts: { state: now.state } });
      return { stage: await read(roomId) };
    },

    async startCutIn(principal: StaffPrincipal, roomId: string): Promise<{ stage: Stage; publish: MediaGrant }> {
      const before = await room(principal, roomId);
      if (before.state !== 'live') throw new AppError('room_not_live', { facts: { state: before.state } });
      await db.transaction(async (tx) =>
        tell(tx, await createStageRepository(tx).askForCutIn(roomId, principal.personId, clock.now())),
      );
      const now = await room(principal, roomId);
      if (now.cutIn === 'none' || now.cutInBy !== principal.personId) {
        const { cutIn, relay } = await read(roomId);
        throw new AppError('state_conflict', { facts: { isRelay: relay !== null, by: cutIn?.by.name ?? null } });
      }
      // Somebody who publishes already (an encoder beside the phone) is on at once.
      await deps.follow.check([now.streamId]);
      return { stage: await read(roomId), publish: await deps.grantMedia(principal, now, 'publish') };
    },

    async endCutIn(principal: StaffPrincipal, roomId: string): Promise<{ stage: Stage }> {
      await room(principal, roomId);
      await db.transaction(async (tx) => tell(tx, await createStageRepository(tx).cutInEnds(roomId, clock.now())));
      return { stage: await read(roomId) };
    },
  };
}
export type StageService = ReturnType<typeof createStageService>;
