/**
 * What is stored about one person (rule Z6): a file of it for them, or their deletion; consents. The inventory says what there is,
 * personal-data.job.ts works it off. Headquarters asks for others, with a reason; every act of staff is in the audit log.
 */
import {
  askDataRequest,
  type ConsentPurpose,
  cancelDataRequest,
  type DataRequest,
  type DataRequestKind,
  dataRequestFile,
  deleteMyData,
  deletionCheck,
  exportMyData,
  findPerson,
  getDataRequest,
  listDataRequests,
  listMyConsents,
  may,
  myDataRequests,
  withdrawConsent,
} from '@walnut-live/contracts';
import type { Response } from 'express';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { sendParts } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { maskPhone, maskPhonesIn } from '../../platform/masks.policy.ts';
import type { Principal } from '../../platform/principal.ts';
import { blocksOf, DELETION_WAIT_DAYS, EXPORTS_PER_DAY } from './deletion.policy.ts';
import { scheduleDataRequests } from './personal-data.job.ts';
import * as rows from './personal-data.repository.ts';
import { STEPS } from './steps.ts';

export { DATA_REQUESTS_JOB } from './personal-data.job.ts';

const DAY_MS = 86_400_000;
/** A person's own page. */
const MINE_SHOWN = 20;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const FORMAT = 'walnut-live personal data, 1';

const view = (row: rows.RequestRow, reader: Principal): DataRequest => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  person: { id: row.personId, name: row.personName },
  // Whom of the staff is for the staff to know.
  askedBy: row.askedBy === row.personId ? null : { id: row.askedBy, name: reader.staff ? row.askedByName : '' },
  reason: reader.staff ? row.reason : '',
  steps: row.steps,
  stepsDone: row.stepsDone,
  blocks: row.blocks,
  askedAt: row.askedAt.toISOString(),
  dueAt: row.dueAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
  expiresAt: row.expiresAt?.toISOString() ?? null,
  bytes: Number(row.bytes),
  rows: row.rows,
});

export function createPersonalData(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  log: Logger;
  /** Before anything of these people is forgotten, in the transaction that closes their account. May be done twice. */
  onForgotten: (tx: Tx, ids: readonly string[]) => Promise<void>;
  /** What else follows when a consent is taken back. */
  withdraw: Readonly<Record<ConsentPurpose, (personId: string) => Promise<void>>>;
}): void {
  const { bind, db, clock, random } = deps;

  async function hqPath(): Promise<string> {
    const [hq] = await db.sql<{ path: string }>`SELECT path FROM org_units WHERE kind = 'hq' ORDER BY path LIMIT 1`;
    return hq?.path ?? '';
  }
  scheduleDataRequests({ ...deps, hqPath });

  async function one(sql: Sql, id: string): Promise<rows.RequestRow> {
    const [row] = await rows.findRequests(sql, { id, limit: 1 });
    if (!row) throw new AppError('not_found');
    return row;
  }
  /** The person's own, or anybody's for who may ask for others; else it is not there. */
  async function readable(sql: Sql, principal: Principal, id: string): Promise<rows.RequestRow> {
    const row = await one(sql, id);
    const mayAll = principal.staff !== undefined && may(principal.staff.role, 'personal-data:write');
    if (row.personId !== principal.personId && !mayAll) throw new AppError('not_found');
    return row;
  }
  const audit = (tx: Sql, principal: Principal, action: string, personId: string, detail: object, reason = '') =>
    writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action, target: `person:${personId}`, reason },
      ...{ orgPath: principal.staff?.orgPath ?? '', detail: { ...detail } },
    });

  async function ask(
    tx: Tx,
    principal: Principal,
    personId: string,
    kind: DataRequestKind,
    reason: string,
  ): Promise<DataRequest> {
    const at = clock.now();
    const open = await rows.openRequest(tx, personId, kind);
    if (open) return view(await one(tx, open), principal);
    let dueAt = at;
    if (kind === 'deletion') {
      const blocks = blocksOf(await rows.openMatters(tx, await rows.idsOf(tx, personId)));
      if (blocks.length > 0) throw new AppError('state_conflict', { facts: { blocks } });
      dueAt = new Date(at.getTime() + DELETION_WAIT_DAYS * DAY_MS);
    } else if ((await rows.exportsSince(tx, personId, new Date(at.getTime() - DAY_MS))) >= EXPORTS_PER_DAY) {
      throw new AppError('rate_limited', { retryAfterSeconds: 3_600 });
    }
    const id = random.id();
    const made = { id, kind, personId, askedBy: principal.personId, reason, steps: STEPS, at, dueAt };
    if (await rows.insertRequest(tx, made)) {
      await audit(tx, principal, `personal-data:${kind}-asked`, personId, { request: id }, reason);
      return view(await one(tx, id), principal);
    }
    // Another process was first.
    const rival = await rows.openRequest(tx, personId, kind);
    if (!rival) throw new AppError('conflict');
    return view(await one(tx, rival), principal);
  }

  bind(exportMyData, ({ principal, tx }) => ask(tx, principal, principal.personId, 'export', ''));
  bind(deleteMyData, ({ principal, tx }) => ask(tx, principal, principal.personId, 'deletion', ''));
  bind(deletionCheck, async ({ principal }) => ({
    blocks: blocksOf(await rows.openMatters(db.sql, await rows.idsOf(db.sql, principal.personId))),
    waitDays: DELETION_WAIT_DAYS,
  }));
  bind(myDataRequests, async ({ principal }) => {
    const found = await rows.findRequests(db.sql, { personId: principal.personId, limit: MINE_SHOWN });
    return { items: found.map((row) => view(row, principal)) };
  });
  bind(getDataRequest, async ({ principal, params }) => view(await readable(db.sql, principal, params.id), principal));
  bind(listDataRequests, async ({ principal, query }) => {
    const { kind, state, limit } = query;
    const found = await rows.findRequests(db.sql, {
      kind,
      state,
      after: decodeTimeCursor(query.cursor),
      limit: limit + 1,
    });
    const cut = cutPage(found, limit, ({ askedAt: at, id }) => encodeTimeCursor({ at, id }));
    return { items: cut.rows.map((row) => view(row, principal)), nextCursor: cut.nextCursor };
  });
  bind(askDataRequest, async ({ principal, params, body, tx }) => {
    const person = await rows.personOf(tx, params.id);
    if (!person) throw new AppError('not_found');
    return ask(tx, principal, person.id, body.kind, body.reason);
  });
  bind(findPerson, async ({ principal, body: { by } }) => {
    const found = await rows.findPeople(db.sql, {
      phone: /^1[3-9]\d{9}$/.test(by) ? by : null,
      id: UUID.test(by) ? by : null,
      orderNo: by,
    });
    await writeAudit(db.sql, deps, {
      ...{ actorId: principal.personId, action: 'personal-data:looked-up', target: 'people' },
      ...{ orgPath: principal.staff.orgPath, detail: { by: maskPhonesIn(by), found: found.map(({ id }) => id) } },
    });
    return {
      items: found.map(({ id, name, kind, phone, since }) => ({
        ...{ id, name, kind, phoneMasked: phone === null ? null : maskPhone(phone), since: since.toISOString() },
      })),
    };
  });

  bind(cancelDataRequest, ({ principal, params, body }) =>
    db.transaction(async (tx) => {
      const row = await readable(tx, principal, params.id);
      if (row.kind !== 'deletion') throw new AppError('not_found');
      if (principal.staff && body.reason.trim() === '')
        throw new AppError('invalid_request', { issues: [{ path: '/reason', issue: 'required' }] });
      const done =
        await tx`UPDATE data_requests SET state = 'cancelled', ended_at = ${clock.now()}, ended_by = ${principal.personId}
        WHERE id = ${row.id} AND state = 'waiting' RETURNING id`;
      if (done.length > 0)
        await audit(tx, principal, 'personal-data:deletion-cancelled', row.personId, { request: row.id }, body.reason);
      const now = await one(tx, row.id);
      if (now.state !== 'cancelled') throw new AppError('too_late', { facts: { state: now.state } });
      return view(now, principal);
    }),
  );

  bind(dataRequestFile, async ({ principal, params, res }) => {
    const row = await readable(db.sql, principal, params.id);
    // Of the staff only who asked for it, though others may see that it is there.
    if (row.kind !== 'export' || ![row.personId, row.askedBy].includes(principal.personId))
      throw new AppError('not_found');
    if (row.state === 'waiting') throw new AppError('too_early');
    if (row.state !== 'ready' || (row.expiresAt?.getTime() ?? 0) <= clock.now().getTime()) throw new AppError('gone');
    if (principal.staff) await audit(db.sql, principal, 'personal-data:fetched', row.personId, { request: row.id });
    await sendFile(res, db.sql, row);
    return written;
  });

  bind(listMyConsents, async ({ principal }) => {
    const found = await db.sql<{ purpose: string; wording: number; givenAt: Date; withdrawnAt: Date | null }>`
      SELECT purpose, wording_version AS wording, given_at AS "givenAt", withdrawn_at AS "withdrawnAt"
      FROM consents WHERE person_id = ${principal.personId} ORDER BY given_at DESC, id DESC LIMIT 100`;
    return {
      items: found.map(({ purpose, wording, givenAt, withdrawnAt }) => ({
        ...{ purpose, wording, givenAt: givenAt.toISOString(), withdrawnAt: withdrawnAt?.toISOString() ?? null },
      })),
    };
  });
  bind(withdrawConsent, async ({ principal, params }) => {
    await deps.withdraw[params.purpose](principal.personId);
    return {};
  });
}

/** Part by part, so that no more than one table's rows of one person are in memory. */
async function sendFile(res: Response, sql: Sql, row: rows.RequestRow): Promise<void> {
  const parts = await sql<{ no: number }>`SELECT no FROM data_export_parts WHERE request_id = ${row.id} ORDER BY no`;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Disposition', `attachment; filename="personal-data-${row.id}.json"`);
  res.setHeader('Cache-Control', 'private, no-store');
  const head = { format: FORMAT, personId: row.personId, madeAt: row.endedAt?.toISOString() ?? null };
  async function* body(): AsyncGenerator<string> {
    yield `${JSON.stringify(head).slice(0, -1)},"data":{`;
    for (const [n, { no }] of parts.entries()) {
      const [part] = await sql<{ name: string; content: string }>`
        SELECT name, content FROM data_export_parts WHERE request_id = ${row.id} AND no = ${no}`;
      if (part) yield `${n > 0 ? ',' : ''}${JSON.stringify(part.name)}:${part.content}`;
    }
    yield '}}\n';
  }
  await sendParts(res, body());
}
