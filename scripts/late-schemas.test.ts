/** Schemas that are made late are the same schemas: every contract is built as for a browser and asked the same as its source. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as plain from '../contracts/src/index.ts';
import { late, withLateSchemas } from './setup/late-schemas.ts';
import { ROOT } from './setup/paths.ts';

type Anything = Record<string, unknown>;
let folder: string;
let built: Anything;

beforeAll(async () => {
  folder = mkdtempSync(join(ROOT, '.cache/late-'));
  await build({
    ...{ configFile: false, logLevel: 'error', root: ROOT, plugins: [withLateSchemas()] },
    build: {
      ...{ outDir: folder, minify: false, emptyOutDir: false },
      lib: { entry: join(ROOT, 'contracts/src/index.ts'), formats: ['es'], fileName: 'contracts' },
      rolldownOptions: { external: ['zod'] },
    },
  });
  built = (await import(pathToFileURL(join(folder, 'contracts.js')).href)) as Anything;
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isSchema = (value: unknown): value is z.ZodType =>
  typeof value === 'object' && value !== null && '_zod' in value && '~standard' in value;
const VALUES = [
  undefined,
  null,
  '',
  'x',
  -1,
  1.5,
  7,
  true,
  [],
  {},
  { id: 'x' },
  '2026-01-01T00:00:00Z',
  crypto.randomUUID(),
];
const told = (schema: z.ZodType): string[] =>
  VALUES.map((value) => {
    const { success, data, error } = schema.safeParse(value);
    return JSON.stringify(success ? data : error?.issues);
  });
const keysOf = (schema: z.ZodType): unknown => 'shape' in schema && Object.keys(schema.shape as object);

describe('contracts for a browser', () => {
  it('are made late', () => {
    const lateOnes = Object.values(built).filter((value) => typeof value === 'object' && value !== null);
    expect(Object.keys(built).sort()).toEqual(Object.keys(plain).sort());
    expect(lateOnes.length).toBeGreaterThan(900);
  });

  it('check what they checked', () => {
    let schemas = 0;
    for (const [name, value] of Object.entries(plain as Anything)) {
      if (!isSchema(value)) continue;
      schemas += 1;
      const other = built[name];
      expect(isSchema(other), name).toBe(true);
      expect(told(other as z.ZodType), name).toEqual(told(value));
      expect(keysOf(other as z.ZodType), name).toEqual(keysOf(value));
    }
    expect(schemas).toBeGreaterThan(400);
  });

  it('have the same routes', () => {
    let routes = 0;
    for (const [name, value] of Object.entries(plain as Anything)) {
      if (typeof value !== 'object' || value === null || !('method' in value) || !('path' in value)) continue;
      routes += 1;
      const other = built[name] as Anything;
      expect(Object.keys(other), name).toEqual(Object.keys(value));
      for (const [key, part] of Object.entries(value)) {
        if (isSchema(part)) expect(told(other[key] as z.ZodType), `${name}.${key}`).toEqual(told(part));
        else expect(other[key], `${name}.${key}`).toEqual(part);
      }
    }
    expect(routes).toBeGreaterThan(400);
  });
});

describe('late', () => {
  it('makes once, when something of it is asked for, and is what it makes to everybody', () => {
    let made = 0;
    const shape = late(() => {
      made += 1;
      return z.strictObject({ name: z.string() });
    });
    const outer = z.strictObject({ inner: shape });
    expect(made).toBe(0);
    expect(outer.safeParse({ inner: { name: 'x' } }).success).toBe(true);
    expect(outer.safeParse({ inner: { name: 1 } }).success).toBe(false);
    expect(shape instanceof z.ZodObject).toBe(true);
    expect(shape.extend({ more: z.int() }).parse({ name: 'x', more: 1 })).toEqual({ name: 'x', more: 1 });
    expect({ ...late(() => ({ a: 1, b: 2 })) }).toEqual({ a: 1, b: 2 });
    expect(made).toBe(1);
  });
});
