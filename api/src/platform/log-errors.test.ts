import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/testing/database.ts';
import { createDb } from './db.ts';
import { serializeError } from './log-errors.ts';

test('Z6 an error of the database is logged without the row that it quotes', async () => {
  const database = await createTestDatabase();
  const db = createDb({ url: database.url, poolSize: 4, onError: () => {} });
  try {
    const failure: unknown = await db
      .transaction(async (tx) => {
        await tx`CREATE TEMP TABLE parcels (phone text CHECK (phone = ''))`;
        await tx`INSERT INTO parcels VALUES ('13912345678')`;
      })
      .catch((error: unknown) => error);
    if (!(failure instanceof Error)) throw new Error('nothing was refused');
    expect(failure).toHaveProperty('detail', expect.stringContaining('13912345678'));
    const shown = serializeError(failure);
    expect(JSON.stringify(shown)).not.toContain('13912345678');
    expect(shown).toMatchObject({ code: '23514', constraint: 'parcels_phone_check', stack: expect.any(String) });
  } finally {
    await db.close();
    await database.drop();
  }
});
