/** What an export of people's data leaves behind, also one that was broken off or could not be noted. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it } from 'vitest';
import { systemClock, systemRandom } from './clock.ts';
import type { Db } from './db.ts';
import { sendPersonalCsv } from './personal-csv.ts';

const ROWS = 20_000;
const columns = [{ title: 'n', value: (n: number) => `${n} ${'x'.repeat(100)}` }];
function* numbers() {
  for (let n = 0; n < ROWS; n++) yield n;
}

/** Serves one export; `note` stands for the database. */
async function serving(note: (detail: { rows: number; whole: boolean }) => void) {
  const sql = async (_: TemplateStringsArray, ...values: unknown[]) => note(JSON.parse(String(values[6])));
  const by = {
    ...{ personId: 'p', kind: 'staff' as const, name: '' },
    staff: { role: 'hq_admin' as const, orgUnitId: 'u', orgPath: 'hq' },
  };
  const app = express().get('/', (_, res) => {
    const filter = { search: '13912345678', state: undefined };
    const given = { db: { sql } as unknown as Db, clock: systemClock, random: systemRandom };
    sendPersonalCsv(res, given, { by, target: 't', filter, fileName: 'f', columns, rows: numbers() }).catch(() => {});
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

it('a download that is broken off is noted with what went out', async () => {
  const noted = Promise.withResolvers<{ rows: number; whole: boolean }>();
  await using server = await serving(noted.resolve);
  const ends = new AbortController();
  const response = await fetch(server.url, { signal: ends.signal });
  await response.body?.getReader().read();
  ends.abort();
  const { rows, ...rest } = await noted.promise;
  expect(rest).toEqual({ filter: { search: '139****5678' }, whole: false });
  expect(rows).toBeLessThan(ROWS);
});

it('what could not be noted does not arrive whole', async () => {
  await using server = await serving(() => {
    throw new Error('the database is away');
  });
  await expect(fetch(server.url).then((response) => response.text())).rejects.toThrow();
});
