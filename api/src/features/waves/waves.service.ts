/** Plans of waves: who writes them, sets them running, pauses, cancels, copies. What they do is in execution.ts. */
import type { addWaveAction, BodyOf, createWave, moveWave, Wave, WaveState, waveReach } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { Messages } from '../messages/index.ts';
import { eachPage } from './audience.ts';
import { areInOrder, refuseAction, shiftDeed, shiftPhases } from './waves.policy.ts';
import * as rows from './waves.repository.ts';

const LISTED = 100;
const ACTIONS_OF_A_WAVE = 100;

export interface WavesDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly guard: Pick<ClaimGuard, 'requireClean'>;
  readonly messages: Pick<Messages, 'withdrawOfWave'>;
}
type NewAction = BodyOf<typeof addWaveAction>;

/** From which states a wave may be moved where; to where it is already is the same answer. */
const movesFrom: Record<BodyOf<typeof moveWave>['to'], readonly WaveState[]> = {
  running: ['draft', 'paused', 'running'],
  paused: ['running', 'paused'],
  cancelled: ['draft', 'running', 'paused', 'cancelled'],
};

export function createWavesService(deps: WavesDeps) {
  const { db, clock, random } = deps;

  async function read(waveId: string): Promise<Wave> {
    const [wave] = await rows.selectWaves(db.sql, { id: waveId, limit: 1 });
    if (!wave) throw new AppError('not_found');
    return rows.toWave(wave, await rows.selectActions(db.sql, [waveId]));
  }
  const audit = (
    tx: Tx,
    by: StaffPrincipal,
    action: string,
    wave: { id: string; orgPath: string },
    more: { reason?: string; detail?: object } = {},
  ) =>
    writeAudit(tx, deps, {
      actorId: by.personId,
      action,
      target: `wave:${wave.id}`,
      orgPath: wave.orgPath,
      ...(more.reason ? { reason: more.reason } : {}),
      detail: { ...more.detail },
    });
  async function lock(tx: Tx, by: StaffPrincipal, waveId: string) {
    const wave = await rows.lockWave(tx, waveId);
    if (!wave) throw new AppError('not_found');
    requireScope(by, 'campaigns:write', wave.orgPath);
    return { id: waveId, ...wave };
  }
  function check(action: NewAction, phases: Parameters<typeof refuseAction>[1], state: WaveState): void {
    const issue =
      refuseAction(action, phases) ??
      (state !== 'draft' && Date.parse(action.at) <= clock.now().getTime()
        ? { path: '/at', issue: 'in_the_past' }
        : undefined);
    if (issue) throw new AppError('invalid_request', { issues: [issue] });
  }
  /** A plan reaches rooms of its own unit only; another one is as if it did not exist. */
  async function requireRoomsWithin(orgPath: string, actions: readonly NewAction[]): Promise<void> {
    const named = actions.flatMap(({ deed }) =>
      deed.kind === 'room_open' || deed.roomId === null ? [] : [deed.roomId],
    );
    const different = [...new Set(named)];
    if ((await rows.countRoomsWithin(db.sql, orgPath, different)) < different.length)
      throw new AppError('not_found', { detail: 'no such room in the unit of this wave' });
  }
  /** Rule Z3, over everything that people will read. */
  const clean = (by: StaffPrincipal, waveId: string, orgPath: string, texts: readonly (string | undefined)[]) =>
    deps.guard.requireClean(
      { place: 'room', target: `wave:${waveId}`, orgPath, roomId: null, personId: by.personId },
      texts,
    );
  const textsOf = ({ deed }: Pick<NewAction, 'deed'>): string | undefined =>
    deed.kind === 'message' ? deed.text : deed.kind === 'room_open' ? deed.title : undefined;
  const insert = (tx: Tx, by: StaffPrincipal, waveId: string, { at, ...action }: NewAction) =>
    rows.insertAction(tx, { ...action, id: random.id(), waveId, addedById: by.personId, at: new Date(at) });

  return {
    async list(by: StaffPrincipal): Promise<Wave[]> {
      const waves = await rows.selectWaves(db.sql, { scope: by.staff.orgPath, limit: LISTED });
      const actions = await rows.selectActions(
        db.sql,
        waves.map(({ id }) => id),
      );
      return waves.map((wave) =>
        rows.toWave(
          wave,
          actions.filter(({ waveId }) => waveId === wave.id),
        ),
      );
    },
    async get(by: StaffPrincipal, waveId: string): Promise<Wave> {
      const wave = await read(waveId);
      requireScope(by, 'campaigns:read', wave.orgUnit.path);
      return wave;
    },

    async create(by: StaffPrincipal, body: BodyOf<typeof createWave>): Promise<Wave> {
      const unitId = body.orgUnitId ?? by.staff.orgUnitId;
      const [unit] = await db.sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${unitId}`;
      if (!unit) throw new AppError('not_found');
      requireScope(by, 'campaigns:write', unit.path);
      if (!areInOrder(body.phases))
        throw new AppError('invalid_request', { issues: [{ path: '/phases', issue: 'phases_out_of_order' }] });
      for (const action of body.actions) check(action, body.phases, 'draft');
      await requireRoomsWithin(unit.path, body.actions);
      const id = random.id();
      await clean(by, id, unit.path, [body.title, ...body.actions.map(textsOf)]);
      await db.transaction(async (tx) => {
        const now = clock.now();
        await tx`INSERT INTO waves (id, org_unit_id, org_path, title, state, round, phases, created_by, created_at, updated_at)
          VALUES (${id}, ${unitId}, ${unit.path}, ${body.title}, 'draft', 1, ${JSON.stringify(body.phases)}::jsonb, ${by.personId}, ${now}, ${now})`;
        for (const action of body.actions) await insert(tx, by, id, action);
        await audit(tx, by, 'wave:created', { id, orgPath: unit.path }, { detail: { title: body.title } });
      });
      return read(id);
    },

    async add(by: StaffPrincipal, waveId: string, action: NewAction): Promise<Wave> {
      const wave = await read(waveId);
      requireScope(by, 'campaigns:write', wave.orgUnit.path);
      await requireRoomsWithin(wave.orgUnit.path, [action]);
      await clean(by, waveId, wave.orgUnit.path, [textsOf(action)]);
      await db.transaction(async (tx) => {
        const now = await lock(tx, by, waveId);
        if (now.state === 'cancelled' || now.state === 'done')
          throw new AppError('state_conflict', { facts: { state: now.state } });
        if ((await rows.selectActions(tx, [waveId])).length >= ACTIONS_OF_A_WAVE) throw new AppError('limit_exceeded');
        check(action, now.phases, now.state);
        await insert(tx, by, waveId, action);
        await audit(tx, by, 'wave:action_added', now, { detail: { kind: action.deed.kind, at: action.at } });
      });
      return read(waveId);
    },

    async remove(by: StaffPrincipal, waveId: string, actionId: string): Promise<Wave> {
      await db.transaction(async (tx) => {
        const wave = await lock(tx, by, waveId);
        const gone =
          await tx`DELETE FROM wave_actions WHERE id = ${actionId} AND wave_id = ${waveId} AND state = 'planned' AND attempts = 0 RETURNING deed`;
        if (gone.length === 0) {
          const [there] = await tx<{
            state: string;
          }>`SELECT state FROM wave_actions WHERE id = ${actionId} AND wave_id = ${waveId}`;
          throw new AppError(there ? 'state_conflict' : 'not_found', there ? { facts: { state: there.state } } : {});
        }
        await audit(tx, by, 'wave:action_removed', wave, { detail: { ...gone[0] } });
      });
      return read(waveId);
    },

    async settle(by: StaffPrincipal, waveId: string, actionId: string, what: 'retry' | 'skip'): Promise<Wave> {
      await db.transaction(async (tx) => {
        const wave = await lock(tx, by, waveId);
        // Nothing happens any more, so trying again would be a promise nobody keeps.
        if (wave.state === 'cancelled' || wave.state === 'done')
          throw new AppError('state_conflict', { facts: { state: wave.state } });
        const now = clock.now();
        const changed =
          what === 'retry'
            ? await tx`UPDATE wave_actions SET state = 'planned', reason = NULL, attempts = 0, next_try_at = NULL, ended_at = NULL
                WHERE id = ${actionId} AND wave_id = ${waveId} AND state = 'failed' RETURNING 1 AS changed`
            : await tx`UPDATE wave_actions SET state = 'skipped', reason = 'by_hand', ended_at = ${now}, next_try_at = NULL
                WHERE id = ${actionId} AND wave_id = ${waveId} AND state IN ('planned', 'failed') RETURNING 1 AS changed`;
        if (changed.length === 0) {
          const [there] = await tx<{
            state: string;
          }>`SELECT state FROM wave_actions WHERE id = ${actionId} AND wave_id = ${waveId}`;
          throw new AppError(there ? 'state_conflict' : 'not_found', there ? { facts: { state: there.state } } : {});
        }
        await audit(tx, by, what === 'retry' ? 'wave:action_retried' : 'wave:action_skipped', wave, {
          detail: { actionId },
        });
      });
      return read(waveId);
    },

    async move(by: StaffPrincipal, waveId: string, body: BodyOf<typeof moveWave>): Promise<Wave> {
      await db.transaction(async (tx) => {
        const wave = await lock(tx, by, waveId);
        if (!movesFrom[body.to].includes(wave.state))
          throw new AppError('state_conflict', { facts: { state: wave.state } });
        if (wave.state === body.to) return;
        const now = clock.now();
        await rows.setWaveState(tx, waveId, body.to, now);
        // One under way ends by itself: its transaction holds the wave.
        if (body.to === 'cancelled') {
          await tx`UPDATE wave_actions SET state = 'skipped', reason = 'wave_cancelled', ended_at = ${now}, claimed_until = NULL
            WHERE wave_id = ${waveId} AND state IN ('planned', 'running')`;
          await deps.messages.withdrawOfWave(tx, waveId);
        }
        await audit(tx, by, `wave:${body.to}`, wave, { reason: body.reason });
      });
      return read(waveId);
    },

    async copy(by: StaffPrincipal, waveId: string, startsAt: string): Promise<Wave> {
      const [wave] = await rows.selectWaves(db.sql, { id: waveId, limit: 1 });
      if (!wave) throw new AppError('not_found');
      requireScope(by, 'campaigns:write', wave.orgPath);
      const byMs = Date.parse(startsAt) - Date.parse(wave.phases[0]?.from ?? startsAt);
      const id = random.id();
      const copied = await rows.selectActions(db.sql, [waveId]);
      await clean(by, id, wave.orgPath, [wave.title, ...copied.map(textsOf)]);
      await db.transaction(async (tx) => {
        const now = clock.now();
        await tx`INSERT INTO waves (id, org_unit_id, org_path, title, state, round, copied_from, phases, created_by, created_at, updated_at)
          VALUES (${id}, ${wave.orgUnitId}, ${wave.orgPath}, ${wave.title}, 'draft', ${wave.round + 1}, ${waveId},
            ${JSON.stringify(shiftPhases(wave.phases, byMs))}::jsonb, ${by.personId}, ${now}, ${now})`;
        for (const action of copied) {
          await rows.insertAction(tx, {
            ...{
              id: random.id(),
              waveId: id,
              addedById: by.personId,
              phase: action.phase,
              lateMinutes: action.lateMinutes,
            },
            at: new Date(action.at.getTime() + byMs),
            deed: shiftDeed(action.deed, byMs),
          });
        }
        await audit(tx, by, 'wave:copied', { id, orgPath: wave.orgPath }, { detail: { from: waveId } });
      });
      return read(id);
    },

    async reach(by: StaffPrincipal, body: BodyOf<typeof waveReach>): Promise<{ people: number; optedOut: number }> {
      const unitId = body.orgUnitId ?? by.staff.orgUnitId;
      const [unit] = await db.sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${unitId}`;
      if (!unit) throw new AppError('not_found');
      requireScope(by, 'campaigns:write', unit.path);
      if (body.audience === 'booked' && body.roomId === null)
        throw new AppError('invalid_request', { issues: [{ path: '/roomId', issue: 'needed' }] });
      let people = 0;
      let optedOut = 0;
      await eachPage(db.sql, { ...body, orgPath: unit.path, at: clock.now() }, (page) => {
        people += page.length;
        optedOut += page.filter((one) => one.optedOut).length;
      });
      return { people, optedOut };
    },
  };
}
