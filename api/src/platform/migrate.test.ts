import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../../../scripts/testing/database.ts';
import { migrate } from './migrate.ts';

let dir: string;
let url: string;
let database: TestDatabase;
let db: pg.Client;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'walnut-live-migrations-'));
  database = await createEmptyDatabase();
  url = database.url;
  db = new pg.Client({ connectionString: url });
  await db.connect();
});

afterEach(async () => {
  await db.end();
  await database.drop();
  await rm(dir, { recursive: true });
});

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(dir, name), { recursive: true });
  await writeFile(join(dir, name, 'migration.sql'), sql);
}

test('applies what is new, oldest first, once', async () => {
  await write('20260102_second', "INSERT INTO walnut VALUES ('second')");
  await write('20260101_first', 'CREATE TABLE walnut (name text)');
  expect(await migrate(url, dir)).toEqual(['20260101_first', '20260102_second']);
  expect(await migrate(url, dir)).toEqual([]);
  const { rows } = await db.query('SELECT name FROM walnut');
  expect(rows).toEqual([{ name: 'second' }]);
});

test('two starts at the same moment apply everything once', async () => {
  await write('20260101_first', 'CREATE TABLE walnut (name text); SELECT pg_sleep(0.2)');
  const applied = await Promise.all([migrate(url, dir), migrate(url, dir)]);
  expect(applied.flat()).toEqual(['20260101_first']);
});

test('a failing migration leaves nothing behind and stops every later start', async () => {
  await write('20260101_first', 'CREATE TABLE walnut (name text); SELECT no_such_column');
  await expect(migrate(url, dir)).rejects.toThrow(/20260101_first failed: .*no_such_column/);
  const { rows } = await db.query("SELECT to_regclass('walnut') AS found");
  expect(rows).toEqual([{ found: null }]);
  await expect(migrate(url, dir)).rejects.toThrow(/failed earlier/);
});

test('refuses a migration that was edited after it was applied', async () => {
  await write('20260101_first', 'CREATE TABLE walnut (name text)');
  await migrate(url, dir);
  await write('20260101_first', 'CREATE TABLE walnut (name varchar(5))');
  await expect(migrate(url, dir)).rejects.toThrow(/was edited/);
});

test('a migration that was rewritten before its release goes on where the former text was applied', async () => {
  await write('0350_report_rollups', 'CREATE TABLE walnut (name text)');
  await migrate(url, dir);
  const former = '9bcf316badcc23a086dd2b147b374b91bc74d7aef20360a1bdae2ed465428cad';
  const { rows: before } = await db.query('SELECT checksum FROM "_prisma_migrations"');
  await db.query('UPDATE "_prisma_migrations" SET checksum = $1', [former]);
  expect(await migrate(url, dir)).toEqual([]);
  expect((await db.query('SELECT checksum FROM "_prisma_migrations"')).rows).toEqual(before);
  await db.query(`UPDATE "_prisma_migrations" SET checksum = 'another'`);
  await expect(migrate(url, dir)).rejects.toThrow(/was edited/);
});
