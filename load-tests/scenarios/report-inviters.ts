import { createReportKeeping, plainInviterFigures } from '../../api/src/features/reports/index.ts';
import { chinaDayStart } from '../../api/src/platform/china-day.policy.ts';
import { systemClock, systemRandom } from '../../api/src/platform/clock.ts';
import { createDb, type Db } from '../../api/src/platform/db.ts';
import { createTokens } from '../../api/src/platform/tokens.ts';
import type { BareContext, BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { ANALYST_ID, HQ_ID, type ReportSize, seedReports, startReportDatabase, storeId } from '../lib/report-seed.ts';
import { startOurShop } from '../lib/shop-servers.ts';

interface Plan {
  size: ReportSize;
  runs: number;
  plainRuns: number;
  news: number;
}
const PLAN: Plan = {
  size: { touches: 10_000_000, orders: 1_000_000, visitors: 2_000_000, sharers: 20_000 },
  runs: 15,
  plainRuns: 3,
  news: 5_000,
};
const QUICK: Plan = {
  size: { touches: 40_000, orders: 4_000, visitors: 8_000, sharers: 200 },
  runs: 3,
  plainRuns: 1,
  news: 200,
};
const PAGE = 50;
const SECRET = 'a-secret-of-this-measurement-alone-0123456789';

interface Question {
  id: string;
  what: string;
  scope: { path: string; id: string | undefined };
  from: string | null;
  to: string | null;
}
const hq = { path: 'hq', id: undefined };
const store = { path: 'hq.c7.s7', id: storeId(7) };
const QUESTIONS: readonly Question[] = [
  { id: 'P7', what: 'all of the brand, all of the time', scope: hq, from: null, to: null },
  { id: 'P7.month', what: 'all of the brand, a month', scope: hq, from: '2026-05-01', to: '2026-06-01' },
  { id: 'P7.days', what: 'all of the brand, 30 days over two months', scope: hq, from: '2026-04-13', to: '2026-05-13' },
  {
    id: 'P7.long',
    what: 'all of the brand, from the middle of a month to the middle of another',
    scope: hq,
    from: '2026-01-17',
    to: '2026-06-14',
  },
  { id: 'P7.store', what: 'one of 50 stores, 30 days', scope: store, from: '2026-04-13', to: '2026-05-13' },
];

interface Spread {
  median: number;
  min: number;
  max: number;
}
async function timed<T>(runs: number, work: () => Promise<T>): Promise<Spread & { last: T }> {
  const taken: number[] = [];
  let last = await work(); // plans and pages are warm, as of somebody who looks at reports
  for (let run = 0; run < runs; run++) {
    const began = performance.now();
    last = await work();
    taken.push(performance.now() - began);
  }
  taken.sort((a, b) => a - b);
  return { median: taken[Math.floor(runs / 2)] ?? 0, min: taken[0] ?? 0, max: taken.at(-1) ?? 0, last };
}

/** The statement without roll-ups, as the product itself uses it for ranges that are not of whole days, with its settings. */
const plain = (db: Db, question: Question) =>
  db.transaction(
    async (tx) => {
      await tx`SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
        set_config('work_mem', '64MB', true), set_config('statement_timeout', '0', true)`;
      const day = (one: string | null) => (one === null ? null : chinaDayStart(one));
      return plainInviterFigures(
        tx,
        {
          ...{ from: day(question.from), to: day(question.to), scope: question.scope.path },
          ...{ roomId: null, inviterId: null, search: null, nameScope: 'hq' },
        },
        ...(['gmv', null, PAGE] as const),
      );
    },
    { isolation: 'repeatable read' },
  );

interface Reply {
  items: { inviter: { id: string }; visitors: number; gmvFen: number }[];
  totals: Record<string, number>;
}
/** Both must say the same: a fast wrong figure is none. */
function expectSame(question: Question, reply: Reply, facts: Awaited<ReturnType<typeof plain>>): void {
  const ours = [
    ...reply.items.map((row) => `${row.inviter.id} ${row.visitors} ${row.gmvFen}`),
    JSON.stringify(reply.totals),
  ];
  const theirs = [
    ...facts.page.map((row) => `${row.id} ${row.visitors} ${row.gmvFen}`),
    JSON.stringify(Object.fromEntries(Object.entries(facts.totals).map(([name, value]) => [name, Number(value)]))),
  ];
  const at = ours.findIndex((line, i) => line !== theirs[i]);
  if (at >= 0 || ours.length !== theirs.length)
    throw new Error(`${question.what}: ${ours[at]} is ${theirs[at]} by the facts`);
}

async function ask(context: BareContext, plan: Plan, url: string, db: Db): Promise<Figure[]> {
  const tokens = createTokens({
    ...{ authSecret: SECRET, mediaSecret: SECRET },
    ...{ clock: systemClock, random: systemRandom },
  });
  const token = await tokens.access({
    ...{ personId: ANALYST_ID, kind: 'staff', name: '分析' },
    staff: { role: 'hq_analyst', orgUnitId: HQ_ID, orgPath: 'hq' },
  });
  const shop = await startOurShop(context, { url, secret: SECRET });
  try {
    const figures: Figure[] = [];
    for (const question of QUESTIONS) {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (question.from) query.set('from', chinaDayStart(question.from).toISOString());
      if (question.to) query.set('to', chinaDayStart(question.to).toISOString());
      if (question.scope.id) query.set('orgUnitId', question.scope.id);
      const ours = await timed(plan.runs, async () => {
        const answer = await fetch(`${shop.origin}/api/v1/reports/inviters?${query}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        if (!answer.ok) throw new Error(`${question.what}: ${answer.status} ${await answer.text()}`);
        return (await answer.json()) as Reply;
      });
      const facts = await timed(plan.plainRuns, () => plain(db, question));
      expectSame(question, ours.last, facts.last);
      context.say(`${question.what}: ${ours.median.toFixed(0)} ms; without roll-ups ${facts.median.toFixed(0)} ms`);
      figures.push({
        ...{
          id: question.id,
          what: `report of inviters, whole HTTP path, ${question.what}`,
          unit: 'ms',
          betterIs: 'lower',
        },
        ...{
          value: Math.round(ours.median),
          min: Math.round(ours.min),
          max: Math.round(ours.max),
          reach: 500,
          farGoal: 100,
        },
        peers: [
          {
            name: 'plain SQL without roll-ups (statement alone)',
            version: 'reports.repository.ts',
            value: Math.round(facts.median),
          },
        ],
        note: `${(facts.median / ours.median).toFixed(1)} times as fast; every row and total of the page equal to plain SQL`,
      });
    }
    return figures;
  } finally {
    await shop.stop();
  }
}

export const scenario: BareScenario = {
  name: 'report-inviters',
  title: 'report of inviters over ten million touches and a million orders, with roll-ups and without',
  bare: true,
  async run(context) {
    const plan = context.quick ? QUICK : PLAN;
    const database = await startReportDatabase(context.dataDir);
    const db = createDb({
      url: `${database.url}?options=-c%20statement_timeout%3D0`,
      poolSize: 2,
      onError: () => undefined,
    });
    try {
      await seedReports(database.client, plan.size, context.say);
      const keeping = createReportKeeping({ db, clock: systemClock });
      const began = performance.now();
      const drift = await keeping.rebuild(true);
      const rebuilt = (performance.now() - began) / 1000;
      context.say(
        `roll-ups counted in ${rebuilt.toFixed(0)} s: ${drift.map(({ what, missing }) => `${missing} ${what}`).join(', ')}`,
      );
      for (const table of ['report_visits', 'report_parts', 'report_sums', 'report_returns'])
        await database.client.query(`VACUUM (ANALYZE) ${table}`);
      const figures = await ask(context, plan, database.url, db);
      await database.client.query(`INSERT INTO report_news (kind, id) SELECT 'o', id FROM orders LIMIT ${plan.news}`);
      await database.client.query(
        `UPDATE orders SET refunded_fen = paid_fen WHERE id IN (SELECT id FROM report_news WHERE kind = 'o') AND refunded_fen = 0`,
      );
      await database.client.query(
        `INSERT INTO report_news (kind, id) SELECT 'p', visitor_id FROM touches LIMIT ${plan.news}`,
      );
      const newsBegan = performance.now();
      const { rows } = await database.client.query<{ news: number }>('SELECT count(*)::int AS news FROM report_news');
      await keeping.follow(true);
      const perSecond = ((rows[0]?.news ?? 0) * 1000) / (performance.now() - newsBegan);
      const { rows: sizes } = await database.client.query<{ mib: number }>(
        `SELECT (sum(pg_total_relation_size(c)) / 1048576)::int AS mib FROM unnest(ARRAY['report_visits', 'report_parts', 'report_sums', 'report_returns']::regclass[]) c`,
      );
      return [
        ...figures,
        {
          id: 'P7.rebuild',
          what: 'all roll-ups counted anew from the facts',
          value: Math.round(rebuilt),
          unit: 's',
          betterIs: 'lower',
        },
        {
          id: 'P7.news',
          what: 'news followed per second by one process',
          value: Math.round(perSecond),
          unit: '1/s',
          betterIs: 'higher',
        },
        {
          id: 'P7.size',
          what: 'roll-ups with their indexes',
          value: sizes[0]?.mib ?? 0,
          unit: 'MiB',
          betterIs: 'lower',
        },
      ];
    } finally {
      await db.close();
      await database.stop();
    }
  },
};
