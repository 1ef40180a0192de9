/**
 * Agents of stores: three ways from a warm contact — an offer to hand on, one's own guide, or becoming an agent.
 *
 * Model: an application is applied → approved | declined by the store or headquarters, then active when who applied accepts the
 * agreement as it is now (versions stay), and ended by either side. An agent's sales earn the rates of the role `agent`.
 * Invariants: one open or active row a person (unique index); rivals race by conditional statements over the transition table
 * (rule S7); nobody of the staff is an agent; there is no fee and nothing for heads (rule K2): an agent earns by sales alone.
 */
import {
  type Agent,
  agreeAsAgent,
  applyAsAgent,
  decideAgent,
  endAgent,
  getAgentAgreement,
  getMyContacts,
  leaveAsAgent,
  listAgents,
  type ReplyOf,
  writeAgentAgreement,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { maskPhone } from '../../platform/masks.policy.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { createContentRows } from '../contents/index.ts';
import { guideCardOf } from '../drain-cards/index.ts';
import { type AgentRow, createAgentRows } from './agents.repository.ts';
import { createTargets } from './targets.ts';

/** Offers counted for the page that leads to them. */
const OFFERS_COUNTED = 100;

const mineOf = (row: AgentRow): ReplyOf<typeof applyAsAgent> => ({
  ...{ id: row.id, state: row.state, reason: row.reason, agreementVersion: row.agreementVersion },
  store: { id: row.unitId, kind: row.unitKind, path: row.orgPath, name: row.unitName },
  appliedAt: row.appliedAt.toISOString(),
});

export function createAgents(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
}) {
  const { bind, db, clock, random } = deps;
  const rows = createAgentRows(db.sql);
  createTargets(deps);

  const toView = ({ staff }: StaffPrincipal, row: AgentRow): Agent => ({
    ...mineOf(row),
    person: nameFor(staff, { id: row.personId, name: row.name, kind: 'consumer', ownerPath: null }, [row.orgPath]),
    phoneMasked: row.phone === null ? null : maskPhone(row.phone),
    note: row.note,
    decidedAt: row.decidedAt?.toISOString() ?? null,
    agreedAt: row.agreedAt?.toISOString() ?? null,
  });
  async function latest(principal: Principal): Promise<AgentRow> {
    const row = await rows.latestOf(principal.personId);
    if (!row) throw new AppError('not_found');
    return row;
  }
  async function agreement() {
    const row = await rows.agreement();
    return row ? { ...row, createdAt: row.createdAt.toISOString() } : null;
  }
  /** The step of one side; whoever comes second is told how it stands. */
  async function step(
    tx: Tx,
    row: AgentRow,
    to: AgentRow['state'],
    by: { actorId: string; isStaff: boolean; reason: string; version?: number },
  ): Promise<void> {
    const moved = await createAgentRows(tx).move(row.id, to, {
      ...(by.isStaff ? { staffId: by.actorId } : {}),
      ...(by.version === undefined ? {} : { version: by.version }),
      ...{ reason: by.reason, at: clock.now() },
    });
    if (!moved) {
      const now = await createAgentRows(tx).find(row.id);
      throw new AppError('state_conflict', { facts: { state: now?.state ?? row.state } });
    }
    await writeAudit(tx, deps, {
      ...{ actorId: by.actorId, action: `agent:${to}`, target: `person:${row.personId}`, orgPath: row.orgPath },
      ...{ reason: by.reason, detail: { agentId: row.id, ...(by.version ? { agreement: by.version } : {}) } },
    });
  }

  bind(getMyContacts, async ({ principal }) => {
    const { personId, staff } = principal;
    const at = clock.now();
    const contents = createContentRows(db.sql);
    const home = staff ? staff.orgPath : await contents.homeOf(personId, at);
    const store = await rows.unit({ path: home });
    if (!store) throw new AppError('not_found');
    const guide = (await rows.guideOf(personId, at)) ?? null;
    const terms = { at: home, under: null, offers: true, after: undefined, withdrawnToo: false };
    const mine = await rows.latestOf(personId);
    return {
      ...{ store, guide, card: await guideCardOf(db.sql, { unitPath: store.path, guideId: guide?.id ?? null }, at) },
      offers: (await contents.listed({ ...terms, limit: OFFERS_COUNTED })).length,
      agent: mine ? mineOf(mine) : null,
      agreement: await agreement(),
    };
  });
  bind(applyAsAgent, async ({ principal, body }) => {
    const { personId } = principal;
    if (await rows.isInsider(personId)) throw new AppError('insiders_excluded');
    const at = clock.now();
    const path = body.orgUnitId === undefined ? await createContentRows(db.sql).homeOf(personId, at) : null;
    const unit = await rows.unit({ id: body.orgUnitId, path });
    if (!unit) throw new AppError('not_found');
    if (!(await rows.agreement())) throw new AppError('state_conflict', { facts: { state: 'no_agreement' } });
    const { orgPath } = { orgPath: unit.path };
    await deps.guard.requireClean({ place: 'content', target: `agent:${personId}`, orgPath, roomId: null, personId }, [
      body.note,
    ]);
    // Again: the one there is.
    await rows.insert({ id: random.id(), personId, unit, note: body.note, at });
    return mineOf(await latest(principal));
  });
  bind(agreeAsAgent, async ({ principal, body }) => {
    const row = await latest(principal);
    const now = await rows.agreement();
    if (now?.version !== body.version) throw new AppError('state_conflict', { facts: { version: now?.version ?? 0 } });
    if (row.state === 'active') await rows.agreeAnew(row.id, body.version, clock.now());
    else
      await db.transaction((tx) =>
        step(tx, row, 'active', { actorId: principal.personId, isStaff: false, reason: '', version: body.version }),
      );
    return mineOf(await latest(principal));
  });
  bind(leaveAsAgent, async ({ principal }) => {
    const row = await latest(principal);
    if (row.state !== 'ended' && row.state !== 'declined')
      await db.transaction((tx) => step(tx, row, 'ended', { actorId: principal.personId, isStaff: false, reason: '' }));
    return mineOf(await latest(principal));
  });
  bind(getAgentAgreement, async () => ({ agreement: await agreement() }));
  bind(writeAgentAgreement, async ({ principal, body }) => {
    const { personId, staff } = principal;
    if (staff.orgPath.includes('.')) throw new AppError('forbidden');
    const written = {
      place: 'content',
      target: 'agent-agreement',
      orgPath: staff.orgPath,
      roomId: null,
      personId,
    } as const;
    await deps.guard.requireClean(written, [body.text]);
    await db.transaction(async (tx) => {
      // One writer at a time: two versions of the same number lose one of them to the primary key.
      await tx`SELECT pg_advisory_xact_lock(hashtext('agent-agreements'))`;
      await createAgentRows(tx).writeAgreement(body.text, personId, clock.now());
      await writeAudit(tx, deps, {
        ...{ actorId: personId, action: 'agent-agreement:written', target: 'agent-agreement', orgPath: staff.orgPath },
        reason: body.reason,
      });
    });
    const made = await agreement();
    if (!made) throw new AppError('internal', { detail: 'the agreement is gone' });
    return made;
  });

  async function inScope(principal: StaffPrincipal, id: string): Promise<AgentRow> {
    const row = await rows.find(id);
    if (!row) throw new AppError('not_found');
    requireScope(principal, 'agents:write', row.orgPath);
    return row;
  }
  async function again(principal: StaffPrincipal, id: string): Promise<Agent> {
    return toView(principal, await inScope(principal, id));
  }
  bind(listAgents, async ({ principal, query }) => {
    const after = decodeTimeCursor(query.cursor);
    const scope = principal.staff.orgPath;
    const found = await rows.listed({ scope, state: query.state, after, limit: query.limit + 1 });
    const { rows: items, nextCursor } = cutPage(found, query.limit, encodeTimeCursor);
    const read = await Promise.all(items.map(({ id }) => rows.find(id)));
    return { items: read.flatMap((row) => (row ? [toView(principal, row)] : [])), nextCursor };
  });
  bind(decideAgent, async ({ principal, params, body }) => {
    const row = await inScope(principal, params.id);
    const to = body.approve ? 'approved' : 'declined';
    await db.transaction((tx) =>
      step(tx, row, to, { actorId: principal.personId, isStaff: true, reason: body.reason }),
    );
    return again(principal, params.id);
  });
  bind(endAgent, async ({ principal, params, body }) => {
    const row = await inScope(principal, params.id);
    await db.transaction((tx) =>
      step(tx, row, 'ended', { actorId: principal.personId, isStaff: true, reason: body.reason }),
    );
    return again(principal, params.id);
  });

  return {
    /** Whether their sales earn the rates of an agent now. */
    isAgent: (tx: Tx, personId: string): Promise<boolean> => createAgentRows(tx).isAgent(personId),
  };
}
