import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { auditInviteGraph } from '../../api/src/features/invite-graph/index.ts';
import { findWay } from '../../api/src/features/invite-graph/introducers.policy.ts';
import { drawNetwork } from '../../api/src/features/invite-graph/layout.ts';
import { acquaintancesOf, peopleOfPicture } from '../../api/src/features/invite-graph/picture.repository.ts';
import * as reading from '../../api/src/features/invite-graph/reading.repository.ts';
import type { BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { startPostgres } from '../../scripts/embedded-postgres.ts';
import { closureTable, type ForestStore, ltreePaths, recursiveEdges } from '../lib/forest-stores.ts';
import { idOf, type ProductForest, plantForest, productForest } from '../lib/product-forest.ts';
import { keepPlans } from '../lib/query-plans.ts';
import { fractions, growForest, type RepostForest } from '../lib/repost-forest.ts';

const SEED = 20_261_122;
const PLAN = { people: 1_000_000, stars: 10, ordinary: 200, inserts: 300, moves: 15, depth: 50 };
const QUICK = { people: 20_000, stars: 3, ordinary: 20, inserts: 20, moves: 3, depth: 20 };
type Plan = typeof PLAN;

interface Targets {
  /** Who has the most people below. */
  stars: string[];
  /** Who has twenty to two thousand. */
  ordinary: string[];
  deepest: string[];
  inviters: string[];
  /** Whole branches of five hundred to two thousand people, and under whom they go: somebody who came by themselves. */
  moves: { id: string; to: string }[];
}
interface Measured {
  name: string;
  megabytes: number;
  buildSeconds: number;
  milliseconds: Record<Question, number>;
}
/** Numbers of people who are not in the forest. */
const NOBODYS_YET = 2_000_000_000;

const questions = {
  'count.star': 'people below one of the ten who brought most',
  'count.ordinary': 'people below somebody who brought twenty to two thousand',
  'page.star': 'a page of fifty below one of the ten who brought most (ours: whom they brought, with their figures)',
  'page.ordinary': 'a page of fifty below somebody who brought twenty to two thousand',
  ancestors: 'everybody above one of the deepest',
  insert: 'one more edge, with all that follows from it',
  move: 'a branch of five hundred to two thousand people goes elsewhere',
} as const;
type Question = keyof typeof questions;

function pickTargets(forest: RepostForest, plan: Plan): Targets {
  const next = fractions(SEED + 1);
  const everybody = Array.from(forest.below.keys());
  const sample = (among: number[], count: number) =>
    Array.from({ length: count }, () => among[Math.floor(next() * among.length)] as number);
  const by = (figure: Int32Array) => everybody.toSorted((a, b) => (figure[b] as number) - (figure[a] as number));
  const between = (low: number, high: number) =>
    everybody.filter((one) => (forest.below[one] as number) >= low && (forest.below[one] as number) <= high);
  const alone = everybody.filter((one) => forest.inviters[one] === -1 && forest.below[one] === 0);
  const branches = between(plan.people / 2_000, plan.people / 500).filter((one) => forest.inviters[one] !== -1);
  const apart = branches.filter((one) => !branches.includes(forest.inviters[one] as number));
  return {
    stars: by(forest.below).slice(0, plan.stars).map(idOf),
    ordinary: sample(between(20, 2_000), plan.ordinary).map(idOf),
    deepest: by(forest.depths).slice(0, plan.ordinary).map(idOf),
    inviters: sample(everybody, plan.inserts).map(idOf),
    moves: [...new Set(sample(apart, plan.moves))].map((one, i) => ({ id: idOf(one), to: idOf(alone[i] as number) })),
  };
}

async function medianMs<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (const one of all) {
    const began = performance.now();
    await work(one);
    took.push(performance.now() - began);
  }
  return took.toSorted((a, b) => a - b)[took.length >> 1] as number;
}

async function measure(
  store: ForestStore,
  client: pg.Client,
  all: { targets: Targets; forest: RepostForest; say: (line: string) => void; fresh: number },
): Promise<Measured> {
  const { targets, say } = all;
  await store.prepare?.();
  const began = performance.now();
  await store.build();
  const buildSeconds = (performance.now() - began) / 1_000;
  await client.query('VACUUM ANALYZE');
  await agree(store, targets, all.forest);
  const megabytes = (await store.bytes()) / 1024 ** 2;
  for (const id of targets.ordinary) await store.page(id); // warm
  let fresh = all.fresh;
  const milliseconds: Record<Question, number> = {
    'count.star': await medianMs(targets.stars, store.count),
    'count.ordinary': await medianMs(targets.ordinary, store.count),
    'page.star': await medianMs(targets.stars, store.page),
    'page.ordinary': await medianMs(targets.ordinary, store.page),
    ancestors: await medianMs(targets.deepest, store.ancestors),
    insert: await medianMs(targets.inviters, (inviter) => store.insert(idOf(fresh++), inviter)),
    move: 0,
  };
  const before = new Map<string, number>();
  for (const { id } of targets.moves) before.set(id, await store.count(id));
  milliseconds.move = await medianMs(targets.moves, ({ id, to }) => store.move(id, to));
  for (const { id, to } of targets.moves) {
    const [people, after, of] = [before.get(id) ?? 0, await store.count(id), await store.count(to)];
    if (after !== people || of !== people + 1) throw new Error(`${store.name}: ${people} people moved, ${of} arrived`);
  }
  const told = Object.entries(milliseconds).map(([what, ms]) => `${what} ${ms.toFixed(2)}`);
  say(`${store.name}: ${megabytes.toFixed(0)} MB, built in ${buildSeconds.toFixed(0)} s, ${told.join(', ')} ms`);
  return { name: store.name, megabytes, buildSeconds, milliseconds };
}

/** Every store says what is true before it is measured. */
async function agree(store: ForestStore, targets: Targets, forest: RepostForest): Promise<void> {
  const people = new Map(Array.from(forest.below, (below, n) => [idOf(n), { below, depth: forest.depths[n] }]));
  for (const id of [...targets.stars.slice(0, 2), ...targets.ordinary.slice(0, 10), ...targets.deepest.slice(0, 10)]) {
    const [count, above, is] = [await store.count(id), await store.ancestors(id), people.get(id)];
    if (count !== is?.below || above !== is.depth)
      throw new Error(`${store.name}: ${count} below and ${above} above ${id}, not ${is?.below} and ${is?.depth}`);
  }
}

/** What only the product answers, at the same size. */
async function measureProduct(ours: ProductForest, targets: Targets, plan: Plan): Promise<Figure[]> {
  const { db } = ours;
  const [brand, store, now] = [await ours.scope('measured'), await ours.scope('measured.s7'), new Date()];
  const page = { sort: 'gmv' as const, after: undefined, limit: 50 };
  const five = [0, 1, 2, 3, 4];
  const figure = async (id: string, what: string, work: () => Promise<unknown>, more: Partial<Figure> = {}) => {
    await work();
    const value = Number((await medianMs(five, work)).toFixed(1));
    return { id: `invite-graph.${id}`, what, value, unit: 'ms', betterIs: 'lower' as const, ...more };
  };
  const ends = targets.deepest.slice(0, 2) as [string, string];
  const figures = [
    await figure('roots', 'first page of those whom nobody brought, whole brand', () =>
      reading.pickRoots(db.sql, brand, page),
    ),
    await figure('roots.store', 'the same of one store of fifty', () => reading.pickRoots(db.sql, store, page)),
    await figure('key-people', 'the fifty who brought most, whole brand', () =>
      reading.pickBringers(db.sql, brand, 'gmv', 50),
    ),
    await figure('key-people.store', 'the same of one store', () => reading.pickBringers(db.sql, store, 'gmv', 50)),
    await figure('could-bring', 'the fifty who could bring most, whole brand', () =>
      reading.pickPromising(db.sql, brand, now, 50),
    ),
    await figure('diagnosis', 'levels of the whole brand', () => reading.levelsOf(db.sql, brand, null)),
    await figure('diagnosis.star', 'levels below one who brought most', () =>
      reading.levelsOf(db.sql, brand, targets.stars[0] ?? ''),
    ),
    await figure('path', 'shortest way between two of the deepest', () =>
      findWay(...ends, acquaintancesOf(db.sql, brand)),
    ),
  ];
  const rows = await peopleOfPicture(db.sql, brand, now, 100_000);
  figures.push(
    await figure('picture.read', 'reading 100,000 people for a picture', () =>
      peopleOfPicture(db.sql, brand, now, 100_000),
    ),
    await figure('picture.draw', `placing ${rows.length} people and writing the bytes`, () => drawNetwork(rows, 1), {
      note: `${((await drawNetwork(rows, 1)).byteLength / 1024 ** 2).toFixed(1)} MB`,
    }),
  );
  figures.push({
    ...{
      id: 'invite-graph.order',
      what: 'a paid order until all above know it',
      unit: 'ms',
      betterIs: 'lower' as const,
    },
    value: Number((await medianMs(targets.deepest.slice(0, plan.moves * 5), ours.order)).toFixed(1)),
    note: 'buyers are among the deepest, some seventy above each; two commits',
  });
  const differences = await auditInviteGraph(db, new Date());
  if (differences.length > 0) throw new Error(differences.slice(0, 10).join('\n'));
  return figures;
}

/** Kept beside the figures: invite-graph.plans.txt. */
async function plansOf({ db, scope }: ProductForest, targets: Targets, write: boolean): Promise<void> {
  const [brand, store, now] = [await scope('measured'), await scope('measured.s7'), new Date()];
  const [star, deepest] = [targets.stars[0] ?? '', targets.deepest[0] ?? ''];
  const page = { sort: 'gmv' as const, after: undefined, limit: 51 };
  const plans = keepPlans(db.sql);
  await plans.keep('roots of the brand', (sql) => reading.pickRoots(sql, brand, page));
  await plans.keep('roots of a store', (sql) => reading.pickRoots(sql, store, page));
  await plans.keep('children of a star, brand', (sql) => reading.pickChildren(sql, brand, star, page));
  await plans.keep('children of a star, store', (sql) => reading.pickChildren(sql, store, star, page));
  await plans.keep('a page of people, brand', (sql) => reading.describe(sql, brand, targets.ordinary.slice(0, 50)));
  await plans.keep('a page of people, store', (sql) => reading.describe(sql, store, targets.ordinary.slice(0, 50)));
  await plans.keep('levels below a star', (sql) => reading.levelsOf(sql, brand, star));
  await plans.keep('levels of the brand', (sql) => reading.levelsOf(sql, brand, null));
  await plans.keep('levels of a store', (sql) => reading.levelsOf(sql, store, null));
  await plans.keep('chain above one of the deepest', (sql) => reading.chainOf(sql, deepest, 201));
  await plans.keep('key people of the brand', (sql) => reading.pickBringers(sql, brand, 'gmv', 50));
  await plans.keep('key people of a store', (sql) => reading.pickBringers(sql, store, 'gmv', 50));
  await plans.keep('who could bring, brand', (sql) => reading.pickPromising(sql, brand, now, 50));
  await plans.keep('picture of 100,000', (sql) => peopleOfPicture(sql, brand, now, 100_000));
  await plans.keep('picture of a store', (sql) => peopleOfPicture(sql, store, now, 100_000));
  await plans.keep('acquaintances of 50 people', (sql) =>
    acquaintancesOf(sql, brand)(targets.ordinary.slice(0, 50), 1_000),
  );
  if (write) plans.write('invite-graph');
}

export const scenario: BareScenario = {
  name: 'invite-graph',
  title: 'a forest of a million people who brought one another: who is below, who is above, an edge, a move',
  bare: true,
  async run({ quick, dataDir, say, withPeers }) {
    const plan = quick ? QUICK : PLAN;
    const forest = growForest(plan.people, SEED);
    const depth = forest.depths.reduce((deepest, one) => Math.max(deepest, one), 0);
    if (depth < plan.depth) throw new Error(`the forest is only ${depth} deep`);
    const targets = pickTargets(forest, plan);
    const postgres = await startPostgres({
      dataDir: join(dataDir, 'postgres'),
      password: randomBytes(24).toString('base64url'),
      settings: { shared_buffers: '1GB', work_mem: '64MB', maintenance_work_mem: '512MB', max_wal_size: '8GB' },
    });
    const client = new pg.Client({ connectionString: postgres.url() });
    try {
      await client.connect();
      await plantForest(client, forest);
      const peers = withPeers ? [ltreePaths(client), closureTable(client), recursiveEdges(client)] : [];
      const measured: Measured[] = [];
      const all = { targets, forest, say };
      for (const [turn, store] of peers.entries())
        measured.push(await measure(store, client, { ...all, fresh: NOBODYS_YET + turn * plan.inserts }));
      const ours = await productForest(client, postgres.url());
      try {
        const own = await measure(ours, client, { ...all, fresh: NOBODYS_YET + peers.length * plan.inserts });
        const figures = [...figuresOf(own, measured, forest, depth), ...(await measureProduct(ours, targets, plan))];
        await plansOf(ours, targets, !quick);
        return figures;
      } finally {
        await ours.close();
      }
    } finally {
      await client.end();
      await postgres.stop();
    }
  },
};

function figuresOf(ours: Measured, peers: readonly Measured[], forest: RepostForest, depth: number): Figure[] {
  const note = `${forest.below.length} people, ${depth} deep`;
  const figure = (id: string, what: string, unit: string, read: (one: Measured) => number): Figure => ({
    ...{ id: `invite-graph.${id}`, what, unit, betterIs: 'lower', value: read(ours), note },
    peers: peers.map((one) => ({ name: one.name, version: 'PostgreSQL 18', value: read(one) })),
  });
  return [
    ...Object.entries(questions).map(([id, what]) =>
      figure(id, what, 'ms', (one) => Number(one.milliseconds[id as Question].toFixed(3))),
    ),
    figure('size', 'on disk with its indexes', 'MB', (one) => Math.round(one.megabytes)),
    figure('build', 'made from the edges', 's', (one) => Number(one.buildSeconds.toFixed(1))),
  ];
}
