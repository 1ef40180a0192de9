/** What every body and message refuses although its type is right: numbers and texts that no column of the database takes. */
import { randomUUID } from 'node:crypto';
import { roomMessages, routes, staffSignIn } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { makeConsumer, seedBrand } from '../testing/fixtures.ts';
import { enterRoom } from '../testing/room-client.ts';
import { startTestApi } from '../testing/test-api.ts';
import { send } from './requests.ts';

type JsonSchema = z.core.JSONSchema.JSONSchema;
type Path = readonly (string | number)[];
interface Leaf {
  readonly path: Path;
  readonly type: 'integer' | 'string';
}

/** A value that the schema takes, with all its fields. */
function exampleOf(whole: JsonSchema, schema = whole): unknown {
  if (schema.$ref) return exampleOf(whole, whole.$defs?.[schema.$ref.replace('#/$defs/', '')] as JsonSchema);
  const first = schema.anyOf?.[0] ?? schema.oneOf?.[0] ?? schema.allOf?.[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (first) return exampleOf(whole, first as JsonSchema);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, field]) => [name, exampleOf(whole, field as JsonSchema)]),
      );
    case 'array':
      return Array.from({ length: schema.minItems ?? 1 }, () => exampleOf(whole, schema.items as JsonSchema));
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    default:
      if (schema.format === 'uuid') return randomUUID();
      if (schema.format === 'uri') return 'https://example.com/a';
      if (schema.format === 'email') return 'a@example.com';
      if (schema.pattern === '^\\d{6}$') return '330112'; // a district
      if (schema.pattern === '^\\d{2}0000$') return '330000'; // a province
      if (schema.pattern?.startsWith('^[\\w-]{20')) return 'a'.repeat(24); // a token
      if (schema.format === 'date-time') return new Date().toISOString();
      if (schema.format === 'date') return '2026-03-03';
      if (schema.pattern?.startsWith('^20')) return '2026-03'; // a month
      if (schema.pattern?.startsWith('^([01]')) return '20:00'; // a clock time
      if (schema.pattern?.startsWith('^[a-z0-9-]+(')) return 'hq'; // an org path
      if (schema.pattern?.startsWith('^[a-z0-9-]{1')) return 'suzhou'; // a step of an org path
      if (schema.pattern?.startsWith('^[a-z0-9][a-z0-9._')) return 'new.guide'; // a user name
      if (schema.pattern?.startsWith('^[0-9A-Z]{0')) return '91330000TEST000001'; // a licence number
      if (schema.pattern?.startsWith('^[0-9+ -]')) return '400-000-0000'; // a service phone
      if (schema.pattern === '^[0-9a-f]{64}$') return 'f'.repeat(64); // a hash
      if (schema.pattern?.startsWith('^\\d{17}')) return '11010519491231002X'; // a resident id number
      if (schema.pattern?.startsWith('^1[3-9]')) return '13800000001';
      return schema.pattern ? '/pictures/a.svg' : 'text'.repeat(Math.ceil((schema.minLength ?? 1) / 4));
  }
}

/** With as many fields as go together: of some, one excludes the other. */
function soundExampleOf(schema: z.ZodType): unknown {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const whole = exampleOf(shape);
  const isSound = (value: unknown) => schema.safeParse(value).success;
  if (typeof whole !== 'object' || whole === null || isSound(whole)) return whole;
  const sound = { ...whole } as Record<string, unknown>;
  const left: [string, unknown][] = [];
  for (const [key, value] of Object.entries(whole).reverse()) {
    if (isSound(sound)) break;
    if (shape.required?.includes(key)) continue;
    delete sound[key];
    left.push([key, value]);
  }
  for (const [key, value] of left) if (isSound({ ...sound, [key]: value })) sound[key] = value;
  return sound;
}

function leavesOf(value: unknown, path: Path = []): Leaf[] {
  if (typeof value === 'number') return [{ path, type: 'integer' }];
  if (typeof value === 'string') return [{ path, type: 'string' }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function spoiled(whole: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = (Array.isArray(whole) ? [...whole] : { ...(whole as object) }) as Record<string | number, unknown>;
  copy[key] = spoiled(copy[key], rest, value);
  return copy;
}

const bodies: readonly (readonly [string, z.ZodType])[] = [
  ...routes.flatMap((route) => (route.body ? [[route.id, route.body as z.ZodType] as const] : [])),
  ...Object.entries(roomMessages).map(([name, { payload }]) => [name, payload as z.ZodType] as const),
];
/** Amounts are 64 bits wide in the database; a password is hashed and never stored as it came. */
const isWide = (path: Path) => String(path.at(-1)).endsWith('Fen');
const isHashed = (name: string, path: Path) => name === staffSignIn.id && path[0] === 'password';

test.each(bodies)('%s refuses numbers and texts that cannot be stored', (name, schema) => {
  const example = soundExampleOf(schema);
  expect(schema.safeParse(example).error).toBeUndefined();
  for (const { path, type } of leavesOf(example)) {
    const extremes =
      type === 'string'
        ? isHashed(name, path)
          ? []
          : ['a\0b', '\ud800']
        : [2 ** 53, -(2 ** 53), ...(isWide(path) ? [] : [2 ** 31, -(2 ** 31) - 1])];
    for (const extreme of extremes)
      expect(schema.safeParse(spoiled(example, path, extreme)).success, `${path.join('/')} ${extreme}`).toBe(false);
  }
});

test('values in queries, cursors and messages that cannot be stored are the request’s mistake', async () => {
  await using api = await startTestApi();
  const { staff, rooms } = await seedBrand(api);
  const as = staff.admin;
  const cursor = (key: unknown) => `cursor=${Buffer.from(JSON.stringify(key)).toString('base64url')}`;
  const invalid = { status: 400, problem: { code: 'invalid_request' } };
  for (const [id, query] of [
    ['rooms.list', cursor([2 ** 31, new Date().toISOString(), randomUUID()])],
    ['stock.list', cursor(['hq\0', randomUUID()])],
    ['reports.inviters', 'search=%00'],
    ['orders.list', 'search=%00'],
  ] as const) {
    const route = routes.find((candidate) => candidate.id === id);
    if (!route) throw new Error(`no route ${id}`);
    expect(await send(api, route, { as, query }), id).toMatchObject(invalid);
  }
  const username = JSON.stringify({ username: 'a\0b', password: 'x' });
  expect(await send(api, staffSignIn, { body: username })).toMatchObject(invalid);

  await using good = await enterRoom(api, rooms.a.id, await makeConsumer(api));
  await using bad = await enterRoom(api, rooms.a.id, await makeConsumer(api));
  const batch = (no: number) => ({ count: 2, batch: { clientId: randomUUID(), no } });
  const [counted, refused] = await Promise.all([good.ask('like:add', batch(1)), bad.ask('like:add', batch(2 ** 31))]);
  expect(counted).toMatchObject({ ok: true });
  expect(refused).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
});
