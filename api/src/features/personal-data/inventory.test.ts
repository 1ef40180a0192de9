/** Nobody can add a table and forget the people in it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { inventory } from './inventory.policy.ts';
import { actorColumns, otherPeople, personalText, texts, thingIds } from './inventory-columns.policy.ts';
import { FIRST_PLACE } from './room-words.ts';
import { exportStep, forgetStep, STEPS } from './steps.ts';

interface Column {
  table: string;
  name: string;
  type: string;
  /** References a table other than people. */
  ofThings: boolean;
}
const HOW = `Every column that can name or describe a person must be explained (rule Z6). For each line above:
  an id of a person whose data the row is → an entry in api/src/features/personal-data/inventory.policy.ts (what an export and a deletion do)
  an id of who acted                      → its name into actorColumns, in inventory-columns.policy.ts
  an id of somebody else in the row       → 'table.column' with a reason into otherPeople
  an id of a thing                        → a foreign key, or its name into thingIds
  a text that describes nobody            → 'table.column' with a reason into texts; one that does → a value in the entry's \`forget\``;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

test('Z6 every column that can name or describe a person is in the inventory or explained', async () => {
  const { sql } = api.api.platform.db;
  const columns = await sql<Column>`
    SELECT c.table_name AS table, c.column_name AS name, c.udt_name AS type,
      EXISTS (SELECT FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
        WHERE k.contype = 'f' AND k.conrelid = format('%I', c.table_name)::regclass AND a.attname = c.column_name
          AND k.confrelid <> 'people'::regclass) AS "ofThings"
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.table_name NOT LIKE '\\_%'`;
  expect(columns.length).toBeGreaterThan(1_000);
  const known = new Map(inventory.map((stored) => [stored.table, stored]));
  const told = (column: Column): boolean => {
    const { table, name, type, ofThings } = column;
    const stored = known.get(table);
    if (type === 'uuid' || type === '_uuid') {
      if (stored?.about.includes(name) || otherPeople.has(`${table}.${name}`)) return true;
      // A person's id is one although it also leads to another table of theirs.
      if (name === 'person_id') return false;
      return name === 'id' || ofThings || thingIds.has(name) || actorColumns.has(name);
    }
    if (!['text', 'varchar', 'jsonb', 'json', 'bytea'].includes(type) || !personalText.test(name)) return true;
    const { forget } = stored ?? {};
    return (
      forget === 'delete' ||
      (typeof forget === 'object' && name in forget) ||
      (stored?.hidden ?? []).includes(name) ||
      texts.has(`${table}.${name}`)
    );
  };
  const untold = columns.filter((column) => !told(column)).map(({ table, name }) => `${table}.${name}`);
  expect(untold, `${untold.join('\n')}\n\n${HOW}`).toEqual([]);

  // And nothing is explained that is not there.
  const there = new Set(columns.map(({ table, name }) => `${table}.${name}`));
  const named = [
    ...inventory.flatMap(({ table, about, through, hidden = [], forget }) =>
      [
        ...about,
        ...(through ? [through.column] : []),
        ...hidden,
        ...(typeof forget === 'object' ? Object.keys(forget) : []),
      ].map((column) => `${table}.${column}`),
    ),
    ...otherPeople.keys(),
    ...texts.keys(),
  ];
  expect(named.filter((column) => !there.has(column))).toEqual([]);
  expect(new Set(inventory.map(({ table }) => table)).size).toBe(inventory.length);
  for (const { why } of inventory) expect(why.length).toBeGreaterThan(3);
});

test('Z6 every step of the inventory is a statement that the database understands', async () => {
  const { consumers } = await seedBrand(api);
  const { db } = api.api.platform;
  const ids = [consumers.anna.personId];
  for (let no = 0; no < STEPS; no++) {
    const { name, content } = await db.transaction((tx) => exportStep(tx, no, ids, FIRST_PLACE));
    expect(Array.isArray(JSON.parse(content)), name).toBe(true);
  }
  for (let no = 0; no < STEPS; no++) await db.transaction((tx) => forgetStep(tx, no, ids, FIRST_PLACE));
  expect(await db.sql`SELECT name, phone, active FROM people WHERE id = ${ids[0]}`).toEqual([
    { name: '已注销用户', phone: null, active: false },
  ]);
});
