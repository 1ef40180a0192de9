/**
 * Files of reports, written in the background a page at a time.
 *
 * Model: a row waits, is claimed by one process (conditional UPDATE with a time limit that is pushed on with every page) and written in
 * parts; one whose process fell silent is begun anew. Who claims it raises its fence, and every write names it: a process that was
 * only slow finds that it is nobody's writer any more, and writes nothing. Names are as the asker could read them when they asked; the file is for them
 * alone, as long as their place in the organisation still covers it, and goes after a week. Every file leaves an audit row with its rows.
 */
import {
  type BodyOf,
  type createExport,
  isWithin,
  type ReportExport,
  type ReportRow,
  type RowFilter,
  type StaffRole,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { type CsvColumn, csvCell, csvLine } from '../../platform/csv.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import { EXPORTED } from '../../platform/personal-csv.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { nameScope } from '../bindings/index.ts';
import { inviterColumns } from './columns.ts';
import { type ReportReading, rangeOf } from './reading.ts';
import type { InviterCursor } from './reports.repository.ts';
import { inviterView } from './reports.service.ts';
import { pickRows, rowView } from './rows.ts';

export const EXPORTS_JOB = 'reports: files';
const EVERY_MS = 2_000;
const PAGE = 2_000;
const CLAIM_MS = 60_000;
const KEPT_MS = 7 * 86_400_000;
const PER_HOUR = { points: 20, seconds: 3_600 };
const SHOWN = 20;
const BYTE_ORDER_MARK = '\uFEFF';

const rowColumns: readonly CsvColumn<ReportRow>[] = [
  { title: 'at', value: (row) => row.at },
  { title: 'person_id', value: (row) => row.person.id },
  { title: 'person', value: (row) => row.person.name },
  { title: 'inviter_id', value: (row) => row.inviter?.id },
  { title: 'inviter', value: (row) => row.inviter?.name },
  { title: 'org_path', value: (row) => row.orgUnit.path },
  { title: 'room_id', value: (row) => row.room?.id },
  { title: 'room', value: (row) => row.room?.title },
  { title: 'channel', value: (row) => row.channel },
  { title: 'order_no', value: (row) => row.order?.no },
  { title: 'credit', value: (row) => row.order?.reason },
  { title: 'paid_fen', value: (row) => row.order?.paidFen },
  { title: 'refunded_fen', value: (row) => row.order?.refundedFen },
];
const head = <Row>(columns: readonly CsvColumn<Row>[]): string =>
  `${columns.map(({ title }) => csvCell(title)).join(',')}\r\n`;

interface Filter {
  from?: string;
  to?: string;
  orgUnitId?: string;
  inviterId?: string;
  roomId?: string;
}
interface Job {
  id: string;
  fence: number;
  personId: string;
  role: StaffRole;
  orgUnitId: string;
  orgPath: string;
  kind: ReportExport['kind'];
  filter: Filter;
}
interface Row extends Omit<ReportExport, 'createdAt' | 'finishedAt' | 'expiresAt' | 'bytes'> {
  bytes: bigint;
  createdAt: Date;
  finishedAt: Date | null;
  expiresAt: Date;
}
const view = ({ createdAt, finishedAt, expiresAt, bytes, ...row }: Row): ReportExport => ({
  ...row,
  bytes: Number(bytes),
  ...{
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    expiresAt: expiresAt.toISOString(),
  },
});

export function createReportExports(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  reading: ReportReading;
}) {
  const { db, clock, random, reading } = deps;
  const limit = createLimit(PER_HOUR);

  const list = (personId: string, id: string | null) => db.sql<Row>`
    SELECT id, kind, state, rows, expected_rows AS "expectedRows", bytes, created_at AS "createdAt", finished_at AS "finishedAt", expires_at AS "expiresAt"
    FROM report_exports WHERE person_id = ${personId} AND expires_at > ${clock.now()} AND (${id}::uuid IS NULL OR id = ${id}) ORDER BY created_at DESC LIMIT ${SHOWN}`;

  /** How many rows there will be, where the roll-ups know. */
  async function expected(
    kind: Job['kind'],
    filter: Filter,
    scope: { id: string; path: string },
  ): Promise<number | null> {
    if (kind !== 'newcomers' && kind !== 'sales') return null;
    const counted = await reading.rollups(rangeOf(filter));
    if (!counted || filter.inviterId || filter.roomId) return null;
    const unit = await reading.inReport((tx) => reading.unitSums(tx, scope, counted.period));
    return unit === undefined ? null : Number(kind === 'sales' ? unit.orders : unit.newCustomers);
  }

  /** Lines of one page after another. */
  async function* pages(
    principal: StaffPrincipal,
    { kind, filter }: Job,
  ): AsyncGenerator<{ lines: string; rows: number }> {
    const scope = await reading.scopeOf(principal, filter.orgUnitId);
    if (kind === 'inviters') {
      yield { lines: head(inviterColumns), rows: 0 };
      const asked = {
        ...{ ...rangeOf(filter), scope: scope.path, scopeId: scope.id, roomId: filter.roomId ?? null },
        ...{ inviterId: filter.inviterId ?? null, search: null, nameScope: nameScope(principal.staff) },
      };
      for (let after: InviterCursor | null = null; ; ) {
        const { page }: Awaited<ReturnType<ReportReading['inviters']>> = await reading.inviters(asked, {
          sort: 'gmv',
          after,
          limit: PAGE,
        });
        if (page.length > 0)
          yield { lines: page.map((row) => csvLine(inviterColumns, inviterView(row))).join(''), rows: page.length };
        const last = page.at(-1);
        if (page.length < PAGE || !last) return;
        after = { value: last.sortValue, id: last.id };
      }
    }
    yield { lines: head(rowColumns), rows: 0 };
    const asked: Omit<RowFilter, 'orgUnitId'> & { scope: string } = { ...filter, kind, scope: scope.path };
    for (let after: { at: Date; id: string } | undefined; ; ) {
      const found = await reading.inReport((tx) => pickRows(tx, asked, after, PAGE));
      if (found.length > 0)
        yield { lines: found.map((row) => csvLine(rowColumns, rowView(principal, row))).join(''), rows: found.length };
      const last = found.at(-1);
      if (found.length < PAGE || !last) return;
      after = { at: last.at, id: last.id };
    }
  }

  async function write(job: Job): Promise<void> {
    const { personId, role, orgUnitId, orgPath } = job;
    const principal: StaffPrincipal = { personId, kind: 'staff', name: '', staff: { role, orgUnitId, orgPath } };
    let no = 0;
    let rows = 0;
    for await (const page of pages(principal, job)) {
      rows += page.rows;
      const content = no === 0 ? BYTE_ORDER_MARK + page.lines : page.lines;
      const until = new Date(clock.now().getTime() + CLAIM_MS);
      const part = no++;
      const mine = await db.transaction(async (tx) => {
        const held =
          await tx`UPDATE report_exports SET rows = ${rows}, bytes = bytes + ${Buffer.byteLength(content)}, claimed_until = ${until}
          WHERE id = ${job.id} AND state = 'running' AND fence = ${job.fence} RETURNING id`;
        if (held.length === 0) return false;
        // Of a writer before.
        if (part === 0) await tx`DELETE FROM report_export_parts WHERE export_id = ${job.id}`;
        await tx`INSERT INTO report_export_parts (export_id, no, content) VALUES (${job.id}, ${part}, ${content})`;
        return true;
      });
      if (!mine) return;
    }
    await db.transaction(async (tx) => {
      const ended =
        await tx`UPDATE report_exports SET state = 'done', finished_at = ${clock.now()}, claimed_until = NULL
        WHERE id = ${job.id} AND state = 'running' AND fence = ${job.fence} RETURNING id`;
      if (ended.length === 0) return;
      await writeAudit(tx, deps, {
        ...{ actorId: personId, action: EXPORTED, target: `report:${job.kind}`, orgPath },
        detail: { export: job.id, filter: job.filter, rows, whole: true },
      });
    });
  }

  async function turn(): Promise<void> {
    const now = clock.now();
    await db.sql`DELETE FROM report_exports WHERE expires_at < ${now}`;
    for (;;) {
      const [job] = await db.sql<Job>`
        UPDATE report_exports SET state = 'running', fence = fence + 1, rows = 0, bytes = 0, claimed_until = ${new Date(clock.now().getTime() + CLAIM_MS)}
        WHERE id = (SELECT id FROM report_exports WHERE state = 'waiting' OR state = 'running' AND claimed_until < ${clock.now()}
          ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id, fence, person_id AS "personId", role, org_unit_id AS "orgUnitId", org_path AS "orgPath", kind, filter`;
      if (!job) return;
      try {
        await write(job);
      } catch (error) {
        await db.sql`UPDATE report_exports SET state = 'failed', finished_at = ${clock.now()}, claimed_until = NULL
          WHERE id = ${job.id} AND state = 'running' AND fence = ${job.fence}`;
        throw error;
      }
    }
  }
  deps.jobs.every(EXPORTS_JOB, EVERY_MS, turn);

  return {
    async create(principal: StaffPrincipal, body: BodyOf<typeof createExport>): Promise<ReportExport> {
      const { kind, ...filter } = body;
      const scope = await reading.scopeOf(principal, filter.orgUnitId);
      await limit.take(principal.personId);
      const { role, orgUnitId, orgPath } = principal.staff;
      const [id, now] = [random.id(), clock.now()];
      const asked = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
      await db.sql`INSERT INTO report_exports (id, person_id, role, org_unit_id, org_path, kind, filter, state, expected_rows, created_at, expires_at)
        VALUES (${id}, ${principal.personId}, ${role}, ${orgUnitId}, ${orgPath}, ${kind}, ${asked}, 'waiting', ${await expected(kind, asked, scope)}, ${now},
          ${new Date(now.getTime() + KEPT_MS)})`;
      const [row] = await list(principal.personId, id);
      if (!row) throw new Error('export is gone');
      return view(row);
    },
    async mine(principal: StaffPrincipal): Promise<{ items: ReportExport[] }> {
      return { items: (await list(principal.personId, null)).map(view) };
    },
    /** @throws AppError not_found, also for another's; state_conflict while it is not written */
    async file(principal: StaffPrincipal, id: string): Promise<{ name: string; parts: AsyncIterable<string> }> {
      const [row] = await db.sql<{ state: string; kind: string; orgPath: string }>`
        SELECT state, kind, org_path AS "orgPath" FROM report_exports WHERE id = ${id} AND person_id = ${principal.personId} AND expires_at > ${clock.now()}`;
      if (!row || !isWithin(row.orgPath, principal.staff.orgPath)) throw new AppError('not_found');
      if (row.state !== 'done') throw new AppError('state_conflict');
      async function* parts(): AsyncGenerator<string> {
        for (let no = 0; ; no++) {
          const [part] = await db.sql<{
            content: string;
          }>`SELECT content FROM report_export_parts WHERE export_id = ${id} AND no = ${no}`;
          if (!part) return;
          yield part.content;
        }
      }
      return { name: `${row.kind}.csv`, parts: parts() };
    },
  };
}
