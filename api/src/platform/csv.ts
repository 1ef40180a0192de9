/**
 * CSV for people's spreadsheets (RFC 4180, UTF-8 with a byte order mark so that Excel reads Chinese): rows are written as they
 * come, as fast as the client reads. Text that a spreadsheet would run as a formula is defused with a leading apostrophe.
 */
import { once } from 'node:events';
import type { Response } from 'express';

export type CsvValue = string | number | bigint | boolean | Date | null | undefined;
export interface CsvColumn<Row> {
  readonly title: string;
  readonly value: (row: Row) => CsvValue;
}

const BYTE_ORDER_MARK = '\uFEFF';
const LINE_END = '\r\n';
/** What starts a formula in Excel, LibreOffice or WPS, in half and full width. */
const FORMULA_START = /^[\s\p{Cc}]*[=+\-@＝＋－＠]|^[\t\r\n]/u;
const NEEDS_QUOTES = /[",\r\n]/;

/** One cell. Numbers stay numbers, also negative ones; text never becomes a formula. */
export function csvCell(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA_START.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvLine<Row>(columns: readonly CsvColumn<Row>[], row: Row): string {
  return columns.map((column) => csvCell(column.value(row))).join(',') + LINE_END;
}

/**
 * Answers with a CSV download. A failure after the first line cannot become a problem document any more: the connection is
 * cut, so that nobody takes half a file for a whole one. Stops reading `rows` when the client has gone.
 */
export async function sendCsv<Row>(
  res: Response,
  fileName: string,
  columns: readonly CsvColumn<Row>[],
  rows: AsyncIterable<Row> | Iterable<Row>,
): Promise<void> {
  res
    .status(200)
    .type('text/csv; charset=utf-8')
    .set({
      'Content-Disposition': `attachment; filename="${fileName.replaceAll(/[^\w.-]/g, '_')}"`,
      'Cache-Control': 'no-store',
    });
  res.write(BYTE_ORDER_MARK + columns.map((column) => csvCell(column.title)).join(',') + LINE_END);
  await sendParts(res, linesOf(columns, rows));
}
async function* linesOf<Row>(
  columns: readonly CsvColumn<Row>[],
  rows: AsyncIterable<Row> | Iterable<Row>,
): AsyncGenerator<string> {
  for await (const row of rows) yield csvLine(columns, row);
}

/**
 * Writes the rest of a body as fast as the client reads, with no more than one part waiting in memory, and ends it. Stops reading
 * `parts` when the client has gone; a failure cuts the connection, as nobody may take half a file for a whole one.
 */
export async function sendParts(res: Response, parts: AsyncIterable<string>): Promise<void> {
  try {
    for await (const part of parts) {
      if (res.destroyed) return;
      if (!res.write(part)) await drained(res);
    }
  } catch (error) {
    res.destroy();
    throw error;
  }
  res.end();
}

/** Until more may be written, or nobody reads any more; leaves no listener behind. */
async function drained(res: Response): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  try {
    await Promise.race([once(res, 'drain', { signal }), once(res, 'close', { signal })]);
  } finally {
    done.abort();
  }
}
