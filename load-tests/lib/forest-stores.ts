/** Three ways to keep a forest in PostgreSQL, each as one would write it at its best, to be measured beside the product's own. */
import type pg from 'pg';

/** What a forest is asked. People are named by their ids; edges are given at the beginning as `people_n (n, id, inviter)`. */
export interface ForestStore {
  readonly name: string;
  /** What is there before: the facts themselves. */
  prepare?(): Promise<void>;
  build(): Promise<void>;
  count(id: string): Promise<number>;
  /** The first fifty below, as this store gives them out. */
  page(id: string): Promise<number>;
  ancestors(id: string): Promise<number>;
  insert(id: string, inviterId: string): Promise<void>;
  move(id: string, inviterId: string): Promise<void>;
  bytes(): Promise<number>;
}

const PAGE = 50;

/** `prepare`: every statement under a name of its own, as the product does it. */
export function asker(client: pg.Client) {
  const all = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> =>
    (await client.query({ text, values, ...(values.length > 0 ? { name: hash(text) } : {}) })).rows as T[];
  return {
    all,
    async number(text: string, values: unknown[] = []): Promise<number> {
      const [row] = await all<{ n: string | number }>(text, values);
      return Number(row?.n);
    },
    async run(text: string, values: unknown[] = []): Promise<void> {
      await all(text, values);
    },
  };
}
const hash = (text: string): string => {
  let sum = 5381;
  for (const letter of text) sum = (Math.imul(sum, 33) ^ letter.charCodeAt(0)) | 0;
  return `forest_${(sum >>> 0).toString(36)}`;
};
const sizeOf = (...tables: string[]) =>
  `SELECT ${tables.map((table) => `pg_total_relation_size('${table}')`).join(' + ')} AS n`;

export function recursiveEdges(client: pg.Client): ForestStore {
  const { number, run } = asker(client);
  const below = `WITH RECURSIVE below AS (SELECT invitee, 1 AS level FROM rec_edges WHERE inviter = $1
    UNION ALL SELECT e.invitee, level + 1 FROM below b JOIN rec_edges e ON e.inviter = b.invitee)`;
  return {
    name: 'recursive CTE over edges',
    async build() {
      await run(
        `CREATE TABLE rec_edges AS SELECT p.id AS invitee, i.id AS inviter FROM people_n p JOIN people_n i ON i.n = p.inviter`,
      );
      await run('ALTER TABLE rec_edges ADD PRIMARY KEY (invitee)');
      await run('CREATE INDEX ON rec_edges (inviter)');
    },
    count: (id) => number(`${below} SELECT count(*) AS n FROM below`, [id]),
    page: (id) =>
      number(`${below} SELECT count(*) AS n FROM (SELECT * FROM below ORDER BY level, invitee LIMIT ${PAGE}) p`, [id]),
    ancestors: (id) =>
      number(
        `WITH RECURSIVE above AS (SELECT inviter FROM rec_edges WHERE invitee = $1
         UNION ALL SELECT e.inviter FROM above a JOIN rec_edges e ON e.invitee = a.inviter) SELECT count(*) AS n FROM above`,
        [id],
      ),
    insert: (id, inviterId) => run('INSERT INTO rec_edges VALUES ($1, $2)', [id, inviterId]),
    move: (id, inviterId) =>
      run(`INSERT INTO rec_edges VALUES ($1, $2) ON CONFLICT (invitee) DO UPDATE SET inviter = EXCLUDED.inviter`, [
        id,
        inviterId,
      ]),
    bytes: () => number(sizeOf('rec_edges')),
  };
}

export function closureTable(client: pg.Client): ForestStore {
  const { number, run } = asker(client);
  return {
    name: 'closure table',
    async build() {
      await run('CREATE TABLE closure (ancestor uuid NOT NULL, distance smallint NOT NULL, descendant uuid NOT NULL)');
      await run(`INSERT INTO closure
        WITH RECURSIVE pairs AS (SELECT n AS ancestor, 0 AS distance, n AS descendant, inviter FROM people_n
          UNION ALL SELECT p.inviter, distance + 1, descendant, a.inviter FROM pairs p JOIN people_n a ON a.n = p.inviter)
        SELECT a.id, distance, d.id FROM pairs JOIN people_n a ON a.n = pairs.ancestor JOIN people_n d ON d.n = pairs.descendant`);
      await run('ALTER TABLE closure ADD PRIMARY KEY (ancestor, distance, descendant)');
      await run('CREATE INDEX ON closure (descendant)');
    },
    count: (id) => number('SELECT count(*) AS n FROM closure WHERE ancestor = $1 AND distance > 0', [id]),
    page: (id) =>
      number(
        `SELECT count(*) AS n FROM (SELECT descendant FROM closure WHERE ancestor = $1 AND distance > 0
         ORDER BY distance, descendant LIMIT ${PAGE}) p`,
        [id],
      ),
    ancestors: (id) =>
      number(
        'SELECT count(*) AS n FROM (SELECT ancestor FROM closure WHERE descendant = $1 AND distance > 0 ORDER BY distance) a',
        [id],
      ),
    insert: (id, inviterId) =>
      run(
        `INSERT INTO closure SELECT ancestor, distance + 1, $1::uuid FROM closure WHERE descendant = $2
         UNION ALL SELECT $1::uuid, 0, $1::uuid`,
        [id, inviterId],
      ),
    async move(id, inviterId) {
      await run(
        `DELETE FROM closure c USING closure s, closure a WHERE s.ancestor = $1 AND a.descendant = $1 AND a.distance > 0
         AND c.ancestor = a.ancestor AND c.descendant = s.descendant AND c.distance = a.distance + s.distance`,
        [id],
      );
      await run(
        `INSERT INTO closure SELECT a.ancestor, a.distance + s.distance + 1, s.descendant
         FROM closure a, closure s WHERE a.descendant = $2 AND s.ancestor = $1`,
        [id, inviterId],
      );
    },
    bytes: () => number(sizeOf('closure')),
  };
}

export function ltreePaths(client: pg.Client): ForestStore {
  const { number, run } = asker(client);
  return {
    name: 'ltree',
    async build() {
      await run('CREATE EXTENSION IF NOT EXISTS ltree');
      await run('CREATE SEQUENCE ltree_labels START 100000000');
      // Short labels: ids of 32 letters would make a path of seventy people three kilobytes long.
      await run(`CREATE TABLE ltree_paths AS
        WITH RECURSIVE paths AS (SELECT n, id, n::text::ltree AS path FROM people_n WHERE inviter IS NULL
          UNION ALL SELECT p.n, p.id, path || p.n::text FROM paths JOIN people_n p ON p.inviter = paths.n)
        SELECT id, path FROM paths`);
      await run('ALTER TABLE ltree_paths ADD PRIMARY KEY (id)');
      await run('CREATE UNIQUE INDEX ON ltree_paths (path)');
      await run('CREATE INDEX ON ltree_paths USING gist (path gist_ltree_ops(siglen=100))');
    },
    count: (id) =>
      number('SELECT count(*) - 1 AS n FROM ltree_paths WHERE path <@ (SELECT path FROM ltree_paths WHERE id = $1)', [
        id,
      ]),
    page: (id) =>
      number(
        `SELECT count(*) AS n FROM (SELECT id FROM ltree_paths WHERE path <@ (SELECT path FROM ltree_paths WHERE id = $1) AND id <> $1
         ORDER BY nlevel(path), id LIMIT ${PAGE}) p`,
        [id],
      ),
    ancestors: (id) =>
      number(
        `SELECT count(*) AS n FROM ltree_paths p JOIN (SELECT subpath(path, 0, k) AS above FROM ltree_paths,
         generate_series(1, nlevel(path) - 1) k WHERE id = $1) a ON p.path = a.above`,
        [id],
      ),
    insert: (id, inviterId) =>
      run(
        `INSERT INTO ltree_paths SELECT $1::uuid, path || nextval('ltree_labels')::text FROM ltree_paths WHERE id = $2`,
        [id, inviterId],
      ),
    move: (id, inviterId) =>
      run(
        `UPDATE ltree_paths p SET path = b.path || subpath(p.path, nlevel(a.path) - 1)
         FROM ltree_paths a, ltree_paths b WHERE a.id = $1 AND b.id = $2 AND p.path <@ a.path`,
        [id, inviterId],
      ),
    bytes: () => number(sizeOf('ltree_paths')),
  };
}
