/**
 * Personas (KOS): a guide's public page. The guide writes bio and expertise, which the word list reads first (rule Z3); a
 * training is on it when somebody else, of a unit at or above the guide's, has verified it (a CHECK keeps it so). Lives are
 * those that who asks may enter.
 */
import {
  getMyPersona,
  getPersona,
  listTrainings,
  type MyPersona,
  may,
  type Persona,
  putMyPersona,
  revokeTraining,
  type Training,
  verifyTraining,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { type Files, pictureUrl } from '../files/index.ts';
import type { Entries } from '../room-access/index.ts';
import { type RoomFacts, toRoomView } from '../rooms/index.ts';
import { createPersonasRepository, type TrainingRow } from './personas.repository.ts';

const MAX_TRAININGS = 30;
/** Lives on the page. */
const SHOWN = { live: 3, scheduled: 6, ended: 12 } as const;

const toTraining = (row: TrainingRow): Training => ({
  id: row.id,
  title: row.title,
  trainedOn: row.trainedOn,
  verifiedBy: row.verifiedBy,
  verifiedAt: row.verifiedAt.toISOString(),
});

/** The brand's calendar: a day begins in China hours before it does in UTC. */
const CHINA_OFFSET_MS = 8 * 3_600_000;
const dayInChina = (at: Date): string => new Date(at.getTime() + CHINA_OFFSET_MS).toISOString().slice(0, 10);

export function createPersonas(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
  files: Files;
  entries: Entries;
  findRoom: (roomId: string) => Promise<RoomFacts>;
  viewersNow: (roomId: string) => number;
}) {
  const { bind, db, clock, guard, entries } = deps;
  const rows = createPersonasRepository(db.sql);

  async function mine({ personId }: StaffPrincipal): Promise<MyPersona> {
    const [persona, trainings] = await Promise.all([rows.persona(personId), rows.trainings(personId)]);
    const photoId = persona?.photoId ?? null;
    return {
      bio: persona?.bio ?? '',
      tags: persona?.tags ?? [],
      photoId,
      photoUrl: pictureUrl(photoId),
      trainings: trainings.map(toTraining),
    };
  }

  /** Lives of the guide that this person may enter, each kind in its own order. */
  async function lives(
    guideId: string,
    personId: string | undefined,
  ): Promise<Pick<Persona, 'live' | 'coming' | 'past'>> {
    const hosted = await rows.hosted(guideId, SHOWN);
    const refused = await entries.refusals(hosted.map(({ roomId }) => ({ roomId, personId })));
    const open = hosted.filter(({ roomId }) => !entries.refusalIn(refused, roomId, personId));
    const views = await Promise.all(
      open.map(async ({ roomId, hasReplay }) => {
        const room = toRoomView(await deps.findRoom(roomId), deps.viewersNow(roomId));
        return { room, hasReplay };
      }),
    );
    const inState = (state: string) => views.filter(({ room }) => room.state === state);
    return {
      live: inState('live').map(({ room }) => room),
      coming: inState('scheduled').map(({ room }) => room),
      past: inState('ended'),
    };
  }

  /** Somebody of the staff whom the caller's unit covers. */
  async function colleague(principal: StaffPrincipal, id: string, permission: 'staff:read' | 'staff:verify') {
    const found = await rows.staff(id);
    if (!found) throw new AppError('not_found');
    requireScope(principal, permission, found.orgPath);
    return found;
  }

  bind(getPersona, async ({ principal, params }) => {
    const found = await rows.staff(params.id);
    // Who cannot host has no page.
    if (!found?.active || !may(found.role, 'rooms:write')) throw new AppError('not_found');
    const [persona, trainings, followers, shown] = await Promise.all([
      rows.persona(params.id),
      rows.trainings(params.id),
      rows.followers(params.id),
      lives(params.id, principal?.personId),
    ]);
    return {
      guide: { id: params.id, name: found.name },
      store: { id: found.unitId, name: found.unitName },
      photoUrl: pictureUrl(persona?.photoId ?? null),
      bio: persona?.bio ?? '',
      tags: persona?.tags ?? [],
      trainings: trainings.map(toTraining),
      followers,
      ...shown,
    };
  });
  bind(getMyPersona, ({ principal }) => mine(principal));
  bind(putMyPersona, async ({ principal, body }) => {
    const { personId, staff } = principal;
    const known = await rows.persona(personId);
    if (body.photoId !== null && body.photoId !== known?.photoId)
      await deps.files.mine(db.sql, body.photoId, 'photo', personId);
    const tags = [...new Set(body.tags)];
    await guard.requireClean(
      { place: 'persona', target: `person:${personId}`, orgPath: staff.orgPath, roomId: null, personId },
      [body.bio, ...tags],
    );
    await rows.save(personId, { bio: body.bio, tags, photoId: body.photoId }, clock.now());
    return mine(principal);
  });

  bind(listTrainings, async ({ principal, params }) => {
    await colleague(principal, params.id, 'staff:read');
    return { items: (await rows.trainings(params.id)).map(toTraining) };
  });
  bind(verifyTraining, async ({ principal, params, body }) => {
    const found = await colleague(principal, params.id, 'staff:verify');
    if (params.id === principal.personId) throw new AppError('self_action');
    const at = clock.now();
    if (body.trainedOn > dayInChina(at))
      throw new AppError('invalid_request', { issues: [{ path: '/trainedOn', issue: 'in_the_future' }] });
    const { orgPath } = found;
    const written = { target: `person:${params.id}`, orgPath, roomId: null, personId: principal.personId };
    await guard.requireClean({ place: 'persona', ...written }, [body.title]);
    const id = deps.random.id();
    await db.transaction(async (tx) => {
      const mineTx = createPersonasRepository(tx);
      if ((await mineTx.trainings(params.id)).length >= MAX_TRAININGS) throw new AppError('limit_exceeded');
      await mineTx.addTraining({ id, guideId: params.id, ...body, orgPath, by: principal.personId, at });
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'training:verified', target: `person:${params.id}`, orgPath },
        detail: { training: id, title: body.title, trainedOn: body.trainedOn },
      });
    });
    const made = (await rows.trainings(params.id)).find((training) => training.id === id);
    if (!made) throw new AppError('not_found');
    return toTraining(made);
  });
  bind(revokeTraining, async ({ principal, params, body }) => {
    const training = await rows.training(params.id);
    if (!training) throw new AppError('not_found');
    requireScope(principal, 'staff:verify', training.orgPath);
    if (training.guideId === principal.personId) throw new AppError('self_action');
    await db.transaction(async (tx) => {
      const by = principal.personId;
      if (!(await createPersonasRepository(tx).revoke(params.id, by, body.reason, clock.now()))) return;
      await writeAudit(tx, deps, {
        ...{ actorId: by, action: 'training:revoked', target: `person:${training.guideId}` },
        ...{ orgPath: training.orgPath, reason: body.reason, detail: { training: params.id } },
      });
    });
    return {};
  });
}
