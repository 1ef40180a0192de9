/**
 * CSV downloads that name people (rule Z6): whoever takes one leaves a row in the audit log, with what was asked for and how many
 * rows went out. The row is written before the last byte, also of a download that was broken off, and a download of which no row
 * can be written is cut: nobody holds a whole file that nothing tells of.
 */
import type { Response } from 'express';
import { writeAudit } from './audit.ts';
import type { Clock, Random } from './clock.ts';
import { type CsvColumn, sendCsv } from './csv.ts';
import type { Db } from './db.ts';
import { AppError } from './errors.ts';
import { maskPhonesIn } from './masks.policy.ts';
import type { Principal } from './principal.ts';

export const EXPORTED = 'personal-data:exported';

export interface PersonalCsv<Row> {
  readonly by: Principal;
  /** Kind of what is in it, or kind and id of what it belongs to: `orders`, `chain:0198…`. */
  readonly target: string;
  /** As it was asked for; what is undefined narrows nothing and is left out. */
  readonly filter: Readonly<Record<string, unknown>>;
  readonly fileName: string;
  readonly columns: readonly CsvColumn<Row>[];
  readonly rows: AsyncIterable<Row> | Iterable<Row>;
}

/** @throws AppError forbidden for people who are no staff */
export async function sendPersonalCsv<Row>(
  res: Response,
  deps: { db: Db; clock: Clock; random: Random },
  file: PersonalCsv<Row>,
): Promise<void> {
  const { staff, personId } = file.by;
  if (!staff) throw new AppError('forbidden');
  const detail = (rows: number, whole: boolean) => ({ filter: shown(file.filter), rows, whole });
  async function* counted(): AsyncGenerator<Row> {
    let rows = 0;
    let whole = false;
    try {
      for await (const row of file.rows) {
        rows++;
        yield row;
      }
      whole = true;
    } finally {
      await writeAudit(deps.db.sql, deps, {
        ...{ actorId: personId, action: EXPORTED, target: file.target, orgPath: staff?.orgPath ?? '' },
        detail: detail(rows, whole),
      });
    }
  }
  await sendCsv(res, file.fileName, file.columns, counted());
}

/** People type phone numbers into search fields; the log keeps none. */
const shown = (filter: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(filter)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'string' ? maskPhonesIn(value) : value]),
  );
