/**
 * A spreadsheet's lines as products. Pure: what is wrong is said by line and column, nothing is looked up.
 *
 * A file says only what it has columns for: a column that is missing leaves what is there (`withKnown`), an empty cell empties it.
 * Reading is bounded before it begins (cells, line and record lengths, records): parsing is synchronous, and whoever sends millions
 * of tiny records must not stop everybody else.
 */
import {
  CatalogueCode,
  IMPORT_LINES,
  type ImportColumn,
  importColumns,
  MAX_PICTURES,
  MAX_SKUS,
  PictureUrl,
  PriceFen,
  productRoles,
  productStatuses,
} from '@walnut-live/contracts';
import { parse } from 'csv-parse/sync';
import type { ProductFields, ProductRow, SkuRow } from './catalogue.repository.ts';

export interface LineError {
  readonly line: number;
  readonly column: string | null;
  readonly issue: string;
}
/** By place, first to third; undefined: the file has no such column. */
type ByPlace = readonly (string | undefined)[];
export interface ImportedSku {
  readonly line: number;
  readonly sku: Pick<SkuRow, 'name' | 'priceFen'> &
    Partial<Omit<SkuRow, 'id' | 'code' | 'optionValues'>> & { readonly code: string };
  readonly values: ByPlace;
}
export interface ImportedProduct {
  /** Its first line. */
  readonly line: number;
  readonly fields: Pick<ProductFields, 'title' | 'pictures' | 'role'> &
    Partial<Omit<ProductFields, 'code' | 'options'>> & { readonly code: string };
  readonly optionNames: ByPlace;
  readonly skus: readonly ImportedSku[];
}

/** Headings in Chinese, as people type them. */
const chinese: Readonly<Record<string, ImportColumn>> = {
  商品编码: 'productCode',
  商品名: 'title',
  副标题: 'subtitle',
  详情: 'description',
  定位: 'role',
  状态: 'status',
  图片: 'pictures',
  规格名1: 'option1',
  规格名2: 'option2',
  规格名3: 'option3',
  SKU编码: 'skuCode',
  SKU名: 'skuName',
  规格值1: 'value1',
  规格值2: 'value2',
  规格值3: 'value3',
  '售价(分)': 'priceFen',
  '划线价(分)': 'listPriceFen',
  划线价依据: 'listPriceBasis',
  '底价(分)': 'floorPriceFen',
  可售: 'active',
};
const needed: readonly ImportColumn[] = ['productCode', 'title', 'role', 'pictures', 'skuCode', 'skuName', 'priceFen'];
/** More headings than we know is no catalogue. */
const MAX_CELLS = 40;
/** Characters within which the headings end. */
const HEAD_CHARS = 4_096;
/** Characters of one line, and bytes of one record: the longest texts a product may have take less than half. */
const MAX_LINE_CHARS = 65_536;
/** Our own exports defuse formulas with an apostrophe; it is no part of the text. */
const DEFUSED = /^'(?=[\s\p{Cc}]*[=+\-@＝＋－＠]|[\t\r\n])/u;
/** What no text of ours has, but for line breaks; PostgreSQL takes no NUL at all. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** UTF-8 with or without its mark, else GBK (by its superset); undefined: neither. */
export function decodeText(bytes: Uint8Array): string | undefined {
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // the next one
    }
  }
  return undefined;
}

type Cells = Readonly<Partial<Record<ImportColumn, string>>>;
interface Line {
  readonly line: number;
  readonly cells: Cells;
}

const one = (line: number, issue: string) => ({ lines: [], errors: [{ line, column: null, issue }] });

/** The first line that is too long to be read; 0: none is. */
function endlessLine(text: string): number {
  for (let line = 1, from = 0; from < text.length; line++) {
    const end = text.indexOf('\n', from);
    const until = end < 0 ? text.length : end;
    if (until - from > MAX_LINE_CHARS) return line;
    from = until + 1;
  }
  return 0;
}

interface Read {
  readonly record: string[];
  /** On which it ends. */
  readonly lastLine: number;
}
/** At most `to` records. @throws Error with `lines` where the text stops being a table, or a record has too many cells */
function readRecords(text: string, to: number): Read[] {
  const records: Read[] = [];
  parse(text, {
    ...{ to, max_record_size: MAX_LINE_CHARS, relax_column_count: true, skip_empty_lines: true },
    on_record(record: string[], { lines }) {
      if (record.length > MAX_CELLS) throw Object.assign(new Error('too_many_cells'), { lines });
      records.push({ record, lastLine: lines });
      return null;
    },
  });
  return records;
}

function readLines(given: string): { lines: Line[]; errors: LineError[] } {
  // The parser counts a CRLF inside quotes as two lines.
  const text = given.replaceAll('\r\n', '\n');
  const endless = endlessLine(text);
  if (endless > 0) return one(endless, 'line_too_long');
  let records: Read[];
  try {
    const start = text.slice(0, HEAD_CHARS);
    if (start.length < text.length && !start.trimStart().includes('\n')) return one(1, 'too_many_cells');
    readRecords(start, 1);
    records = readRecords(text, IMPORT_LINES + 2);
  } catch (error) {
    const { lines = 1, message } = error as Error & { lines?: number };
    return one(lines, message === 'too_many_cells' ? message : 'not_csv');
  }
  const [head, ...rest] = records;
  const titles = (head?.record ?? []).map((cell) => cell.trim());
  const columns = titles.map((title) => importColumns.find((column) => column === title) ?? chinese[title]);
  const errors: LineError[] = [];
  for (const [n, column] of columns.entries()) {
    if (!column) errors.push({ line: 1, column: titles[n] ?? '', issue: 'unknown_column' });
    else if (columns.indexOf(column) < n) errors.push({ line: 1, column, issue: 'column_twice' });
  }
  for (const column of needed) if (!columns.includes(column)) errors.push({ line: 1, column, issue: 'column_missing' });
  if (rest.length > IMPORT_LINES) errors.push({ line: IMPORT_LINES + 2, column: null, issue: 'too_many_lines' });
  if (errors.length > 0) return { lines: [], errors };
  const lines = rest.map(({ record, lastLine }): Line => {
    // One with line breaks inside began before.
    const line = lastLine - record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
    if (record.length > columns.length) errors.push({ line, column: null, issue: 'too_many_cells' });
    const cells = Object.fromEntries(
      columns.flatMap((column, n) => (column ? [[column, (record[n] ?? '').trim().replace(DEFUSED, '')]] : [])),
    ) as Cells;
    for (const [column, cell] of Object.entries(cells))
      if (CONTROL.test(cell)) errors.push({ line, column, issue: 'control_character' });
    return { line, cells };
  });
  return { lines, errors };
}

const LENGTHS: Partial<Record<ImportColumn, number>> = {
  title: 60,
  subtitle: 80,
  description: 4_000,
  skuName: 40,
  listPriceBasis: 60,
  option1: 12,
  option2: 12,
  option3: 12,
  value1: 20,
  value2: 20,
  value3: 20,
};
const YES = new Set(['', 'true', '1', 'yes', '是']);
const NO = new Set(['false', '0', 'no', '否']);

/** The products of a file, in the order of their first lines, and everything that is wrong with it. */
export function productsOf(text: string): { products: ImportedProduct[]; lines: number; errors: LineError[] } {
  const { lines, errors } = readLines(text);
  const products: ImportedProduct[] = [];
  const codes = new Set<string>();
  for (const [code, group] of Map.groupBy(lines, ({ cells }) => cells.productCode ?? '')) {
    const [first] = group;
    if (!first) continue;
    const before = errors.length;
    const fault = (line: number, column: ImportColumn | null, issue: string) =>
      void errors.push({ line, column, issue });
    if (!CatalogueCode.safeParse(code).success) fault(first.line, 'productCode', code ? 'not_a_code' : 'needed');
    if (group.length > MAX_SKUS) fault(first.line, 'productCode', 'too_many_skus');
    for (const { line, cells } of group) {
      for (const [column, most] of Object.entries(LENGTHS) as [ImportColumn, number][])
        if ((cells[column] ?? '').length > most) fault(line, column, 'too_long');
      for (const column of ['title', 'skuName'] as const) if (!cells[column]) fault(line, column, 'needed');
      for (const column of productColumns)
        if ((cells[column] ?? '') !== (first.cells[column] ?? '')) fault(line, column, 'differs_from_first_line');
    }
    const pictures = (first.cells.pictures ?? '').split(/\s+/).filter((url) => url !== '');
    if (pictures.length === 0) fault(first.line, 'pictures', 'needed');
    if (pictures.length > MAX_PICTURES) fault(first.line, 'pictures', 'too_many');
    if (pictures.some((url) => !PictureUrl.safeParse(url).success)) fault(first.line, 'pictures', 'not_a_picture');
    const role = productRoles.find((known) => known === first.cells.role);
    if (!role) fault(first.line, 'role', 'unknown_value');
    const statusCell = first.cells.status;
    const status =
      statusCell === undefined ? undefined : productStatuses.find((known) => known === (statusCell || 'draft'));
    if (statusCell !== undefined && !status) fault(first.line, 'status', 'unknown_value');
    const skus = group.map(({ line, cells }): ImportedSku => {
      const price = (column: 'priceFen' | 'listPriceFen' | 'floorPriceFen'): number | null => {
        const cell = cells[column] ?? '';
        if (cell === '' && column !== 'priceFen') return null;
        const fen = /^\d{1,10}$/.test(cell) ? Number(cell) : Number.NaN;
        if (PriceFen.safeParse(fen).success) return fen;
        fault(line, column, cell === '' ? 'needed' : 'not_whole_fen');
        return null;
      };
      const skuCode = cells.skuCode ?? '';
      if (!CatalogueCode.safeParse(skuCode).success) fault(line, 'skuCode', skuCode ? 'not_a_code' : 'needed');
      else if (codes.has(skuCode)) fault(line, 'skuCode', 'code_twice');
      codes.add(skuCode);
      const active = cells.active?.toLowerCase();
      if (active !== undefined && !YES.has(active) && !NO.has(active)) fault(line, 'active', 'unknown_value');
      return {
        line,
        sku: {
          code: skuCode,
          name: cells.skuName ?? '',
          priceFen: price('priceFen') ?? 0,
          ...(cells.listPriceFen === undefined ? {} : { listPriceFen: price('listPriceFen') }),
          ...(cells.listPriceBasis === undefined ? {} : { listPriceBasis: cells.listPriceBasis || null }),
          ...(cells.floorPriceFen === undefined ? {} : { floorPriceFen: price('floorPriceFen') }),
          ...(active === undefined ? {} : { active: !NO.has(active) }),
        },
        values: PLACES.map((n) => cells[`value${n}`]),
      };
    });
    if (errors.length > before || !role) continue;
    const { title = '', subtitle, description } = first.cells;
    const said = {
      ...(subtitle === undefined ? {} : { subtitle }),
      ...(description === undefined ? {} : { description }),
    };
    products.push({
      line: first.line,
      fields: { code, title, pictures, role, ...said, ...(status ? { status } : {}) },
      optionNames: PLACES.map((n) => first.cells[`option${n}`]),
      skus,
    });
  }
  return { products, lines: lines.length, errors: errors.sort((a, b) => a.line - b.line) };
}

const PLACES = [1, 2, 3] as const;
const newProduct = { subtitle: '', description: '', status: 'draft' } as const;
const newSku = { listPriceFen: null, listPriceBasis: null, floorPriceFen: null, active: true };

export interface WholeProduct {
  readonly fields: ProductFields & { code: string };
  readonly skus: readonly (Omit<SkuRow, 'id' | 'code'> & { id: string | undefined; code: string })[];
}
/** The product as it shall be: what the file does not say stays, or is empty where there was nothing. */
export function withKnown({ fields, optionNames, skus }: ImportedProduct, before?: ProductRow): WholeProduct {
  const names = optionNames.map((name, n) => name ?? before?.options[n]?.name ?? '');
  const whole = skus.map(({ sku, values }) => {
    const known = before?.skus.find(({ id, code }) => (code ?? id) === sku.code);
    const { id, optionValues = [], ...old } = known ?? (newSku as Partial<SkuRow> & typeof newSku);
    return {
      ...old,
      ...sku,
      id,
      optionValues: names.flatMap((name, n) => (name ? [values[n] ?? optionValues[n] ?? ''] : [])),
    };
  });
  const named = names.filter((name) => name !== '');
  const options = named.map((name, n) => ({
    name,
    values: [...new Set(whole.flatMap(({ optionValues }) => optionValues[n] || []))],
  }));
  const { subtitle, description, status } = before ?? newProduct;
  return { fields: { subtitle, description, status, ...fields, options }, skus: whole };
}

const productColumns = [
  'title',
  'subtitle',
  'description',
  'role',
  'status',
  'pictures',
  'option1',
  'option2',
  'option3',
] as const satisfies readonly ImportColumn[];
