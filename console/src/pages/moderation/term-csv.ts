/** The rows of a word list as a spreadsheet saves them (RFC 4180): what can be imported, and the lines that cannot. */
import { IMPORT_BATCH, MAX_TERM_LENGTH, type TermInput, termActions, termKinds } from '@walnut-live/contracts';

export type ParsedTerms = {
  terms: TermInput[];
  /** Line numbers, from 1, that make no sense. */
  badLines: number[];
};

const isOneOf = <T extends string>(known: readonly T[], value: string): value is T =>
  (known as readonly string[]).includes(value);
const SOURCE_LENGTH = 200;

/** Cells of each row, with the line it begins at. Quotes may hold commas, line breaks and doubled quotes. */
export function readCsv(text: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let began = 1;
  const endRow = (): void => {
    cells.push(cell);
    if (cells.some((value) => value.trim() !== '')) rows.push({ line: began, cells });
    cells = [];
    cell = '';
  };
  for (let i = text.startsWith('\uFEFF') ? 1 : 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else if (c === '"') quoted = false;
      else cell += c;
      if (c === '\n') line += 1;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === ',') {
      cells.push(cell);
      cell = '';
    } else if (c === '\n') {
      endRow();
      line += 1;
      began = line;
    } else if (c !== '\r') cell += c;
  }
  endRow();
  return rows;
}

/** An apostrophe keeps a spreadsheet from taking text for a formula; it is no part of the term. */
const plain = (cell: string): string => cell.trim().replace(/^'(?=[=+\-@＝＋－＠])/, '');

export function parseTerms(text: string): ParsedTerms {
  const rows = readCsv(text);
  const [first] = rows;
  const hasHead = first?.cells[0]?.trim().toLowerCase() === 'text';
  const terms: TermInput[] = [];
  const badLines: number[] = [];
  for (const { line, cells } of hasHead ? rows.slice(1) : rows) {
    const [term = '', kind = '', action = '', source = ''] = cells.map(plain);
    const isWhole = term !== '' && term.length <= MAX_TERM_LENGTH && source.length <= SOURCE_LENGTH;
    if (isWhole && isOneOf(termKinds, kind) && isOneOf(termActions, action))
      terms.push({ text: term, kind, action, source });
    else badLines.push(line);
  }
  return { terms, badLines };
}

/** What one request may bring: so many terms, and not more than a body may weigh. */
const BATCH_BYTES = 40_000;
export function batchesOf(terms: readonly TermInput[]): TermInput[][] {
  const batches: TermInput[][] = [];
  let bytes = 0;
  for (const term of terms) {
    const weight = new TextEncoder().encode(JSON.stringify(term)).length + 1;
    const last = batches.at(-1);
    if (last && last.length < IMPORT_BATCH && bytes + weight <= BATCH_BYTES) {
      last.push(term);
      bytes += weight;
    } else {
      batches.push([term]);
      bytes = weight;
    }
  }
  return batches;
}
