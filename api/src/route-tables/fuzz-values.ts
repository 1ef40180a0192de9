/**
 * Values for the shapes of the contracts: such as a schema takes, and such as it does not, with the ids of things that are there.
 * What fast-check makes of a seed is the same every time; which thing an id stands for differs, as ids do.
 */
import fc from 'fast-check';
import type { Db } from '../platform/db.ts';
import { exampleOf } from '../platform/openapi-examples.ts';

type Json = Record<string, unknown>;
interface Shape {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly items?: Json;
  readonly prefixItems?: readonly Json[];
  readonly additionalProperties?: Json | boolean;
  readonly anyOf?: readonly Json[];
  readonly oneOf?: readonly Json[];
  readonly allOf?: readonly Json[];
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** Ids of what is there, by table. */
export type Pool = ReadonlyMap<string, readonly string[]>;

const IDS_PER_TABLE = 20;
export async function readPool({ sql, pool: connections }: Pick<Db, 'sql' | 'pool'>): Promise<Pool> {
  const tables = await sql<{ name: string }>`
    SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name = 'id' AND c.data_type = 'uuid' ORDER BY 1`;
  const pool = new Map<string, readonly string[]>();
  for (const { name } of tables) {
    const { rows } = await connections.query<{ id: string }>(`SELECT id FROM "${name}" LIMIT ${IDS_PER_TABLE}`);
    if (rows.length > 0)
      pool.set(
        name,
        rows.map(({ id }) => id),
      );
  }
  return pool;
}

/** Fields whose name is not the table's. */
const tableOf: Readonly<Record<string, string>> = {
  guideId: 'people',
  hostId: 'people',
  customerId: 'people',
  inviterId: 'people',
  from: 'people',
  to: 'people',
  storeId: 'org_units',
  programmeId: 'rooms',
};
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll('-', '_');

/** Tables that an id of this name may be of; `id` itself is what the route is about. */
function tablesFor(pool: Pool, name: string, about: string): string[] {
  const known = tableOf[name];
  if (known) return [known];
  const stem = snake(name === 'id' ? about : name.replace(/Ids?$/, '')).replace(/s$/, '');
  return [...pool.keys()].filter((table) => table === stem || table.startsWith(stem) || table.endsWith(`_${stem}s`));
}

const HOSTILE = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    'null',
    'undefined',
    'true',
    '[]',
    '{}',
    '%',
    '_',
    '%%%',
    "'",
    "' OR 1=1--",
    '"',
    '`',
    '\\',
    '\\u0000',
  ],
  ...[
    '<script>alert(1)</script>',
    '{{7*7}}',
    '#{7*7}',
    '../../etc/passwd',
    'a\u0007b',
    'a\u0000b',
    '\ud800',
    '\u202etxt',
    '🥜🥜',
    '核桃',
  ],
  ...[
    '1e309',
    '９９',
    '٣',
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(3_000),
    '=1+1',
    '+86 138',
    'http://127.0.0.1:5432/',
  ],
  ...['2026-02-30', '0000-00-00T00:00:00Z', '9999-12-31T23:59:59.999Z', '275760-09-13', 'hq.', '.hq', 'hq..east', 'HQ'],
];
const NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e308,
  9_007_199_254_740_991,
];
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { toString: 1 }, { $gt: '' }),
  fc.constantFrom<unknown>(...HOSTILE),
  fc.constantFrom<unknown>(...NUMBERS),
  fc.jsonValue({ maxDepth: 2 }),
);

/** About now, about the edges of what a calendar has. */
const instants = fc
  .oneof(
    fc.integer({ min: -90, max: 90 }).map((days) => Date.UTC(2026, 10, 23) + days * 86_400_000),
    fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => seconds * 1_000),
  )
  .map((at) => new Date(at).toISOString());

export interface Maker {
  readonly pool: Pool;
  /** What the route is about: `rooms` of `/rooms/:id`. */
  readonly about: string;
  /** Of a hundred places, how many are filled with what does not belong there. */
  readonly spoil: number;
}

/** A value for a schema, whose `$ref`s are in place. */
export function valueFor(json: Json, name: string, maker: Maker): fc.Arbitrary<unknown> {
  const right = rightFor(json, name, maker);
  return maker.spoil === 0
    ? right
    : fc.oneof({ weight: 100 - maker.spoil, arbitrary: right }, { weight: maker.spoil, arbitrary: junk });
}

function rightFor(json: Json, name: string, maker: Maker): fc.Arbitrary<unknown> {
  const schema = json as Shape;
  if ('const' in json) return fc.constant(json.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((one) => valueFor(one, name, maker)));
  if (schema.allOf) return valueFor(schema.allOf[0] ?? {}, name, maker);
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return fc.oneof(...types.map((type: string | undefined) => typed(type, schema, json, name, maker)));
}

function typed(type: string | undefined, schema: Shape, json: Json, name: string, maker: Maker): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return objectFor(schema, maker);
    case 'array': {
      if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map((one) => valueFor(one, name, maker)));
      const minLength = schema.minItems ?? 0;
      const maxLength = Math.max(minLength, Math.min(schema.maxItems ?? 3, minLength + 3));
      return fc.array(valueFor(schema.items ?? {}, name, maker), { minLength, maxLength });
    }
    case 'integer':
    case 'number': {
      const min = Math.max(schema.minimum ?? 0, -(2 ** 53) + 1);
      const max = Math.min(schema.maximum ?? 2 ** 53 - 1, 2 ** 53 - 1);
      const small = fc.integer({ min, max: Math.max(min, Math.min(max, min + 20_000)) });
      return fc.oneof({ weight: 4, arbitrary: small }, { weight: 1, arbitrary: fc.constantFrom(min, max, min + 1) });
    }
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return textFor(schema, json, name, maker);
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function objectFor(schema: Shape, maker: Maker): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.properties ?? {});
  const shape = Object.fromEntries(fields.map(([key, field]) => [key, valueFor(field, key, maker)]));
  const required = (schema.required ?? []).filter((key) => key in shape);
  const whole = fc.record(shape, { requiredKeys: maker.spoil > 0 ? required.slice(1) : required });
  const more = schema.additionalProperties;
  const isMap = typeof more === 'object' && fields.length === 0;
  if (isMap) return fc.dictionary(fc.string({ maxLength: 12 }), valueFor(more, 'value', maker), { maxKeys: 3 });
  return maker.spoil === 0
    ? whole
    : fc
        .tuple(whole, fc.option(fc.constantFrom('__unknown', 'isAdmin', 'constructor'), { freq: 8, nil: undefined }))
        .map(([value, extra]) => (extra === undefined ? value : { ...value, [extra]: 1 }));
}

function textFor(schema: Shape, json: Json, name: string, { pool, about }: Maker): fc.Arbitrary<unknown> {
  const { format, pattern, minLength = 0, maxLength = 200 } = schema;
  if (format === 'uuid') {
    const fitting = tablesFor(pool, name, about).flatMap((table) => pool.get(table) ?? []);
    const all = [...pool.values()].flat();
    return fc.oneof(
      ...(fitting.length > 0 ? [{ weight: 8, arbitrary: fc.constantFrom(...fitting) }] : []),
      { weight: 1, arbitrary: fc.constantFrom(...all) },
      { weight: 1, arbitrary: fc.uuid() },
    );
  }
  if (format === 'date-time') return instants;
  if (format === 'date') return instants.map((at) => at.slice(0, 10));
  const example = fc.constant(exampleOf(json, [name]));
  if (pattern !== undefined) {
    const matching = matchesOf(pattern);
    return matching
      ? fc.oneof(
          example,
          matching.filter((text) => text.length <= maxLength),
        )
      : example;
  }
  const words = fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, minLength + 40) });
  return fc.oneof(
    { weight: 3, arbitrary: example },
    { weight: 3, arbitrary: words },
    {
      weight: 2,
      arbitrary: fc.constantFrom(...HOSTILE).filter(({ length }) => length >= minLength && length <= maxLength),
    },
    { weight: 1, arbitrary: fc.constant('核'.repeat(Math.min(maxLength, 5_000))) },
  );
}

/** Not every pattern can be turned round: look-arounds and properties of letters cannot. */
function matchesOf(pattern: string): fc.Arbitrary<string> | undefined {
  try {
    return fc.stringMatching(new RegExp(pattern), { maxLength: 64 } as object);
  } catch {
    return undefined;
  }
}

/** A right request with some of its ids and some of its leaves exchanged. */
export function variationsOf(whole: unknown, maker: Maker, json: Json | undefined, name = ''): fc.Arbitrary<unknown> {
  const shape = (json ?? {}) as Shape;
  if (Array.isArray(whole))
    return fc.tuple(...whole.map((one) => variationsOf(one, maker, shape.items, name))).map((items) => [...items]);
  if (typeof whole === 'object' && whole !== null) {
    const fields = Object.entries(whole).map(
      ([key, value]) => [key, variationsOf(value, maker, shape.properties?.[key], key)] as const,
    );
    return fc.record(Object.fromEntries(fields));
  }
  const other = json ? valueFor(json, name, maker) : junk;
  return fc.oneof({ weight: 8, arbitrary: fc.constant(whole) }, { weight: 1, arbitrary: other });
}
