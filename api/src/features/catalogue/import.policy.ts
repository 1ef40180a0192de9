/** A spreadsheet's lines as products. Pure: what is wrong is said by line and column, nothing is looked up. */
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
import type { ProductFields, SkuRow } from './catalogue.repository.ts';

export interface LineError {
  readonly line: number;
  readonly column: string | null;
  readonly issue: string;
}
export interface ImportedSku {
  readonly line: number;
  readonly sku: Omit<SkuRow, 'id' | 'code'> & { code: string };
}
export interface ImportedProduct {
  /** Its first line. */
  readonly line: number;
  readonly fields: ProductFields & { code: string };
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
/** Our own exports defuse formulas with an apostrophe; it is no part of the text. */
const DEFUSED = /^'(?=[\s\p{Cc}]*[=+\-@＝＋－＠]|[\t\r\n])/u;

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

function readLines(text: string): { lines: Line[]; errors: LineError[] } {
  let records: { record: string[]; info: { lines: number } }[];
  try {
    // The parser counts a CRLF inside quotes as two lines.
    records = parse(text.replaceAll('\r\n', '\n'), {
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as never;
  } catch (error) {
    const line = (error as { lines?: number }).lines ?? 1;
    return { lines: [], errors: [{ line, column: null, issue: 'not_csv' }] };
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
  const lines = rest.map(({ record, info }): Line => {
    // The parser counts the line on which a record ends; one with line breaks inside began before.
    const line = info.lines - record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
    if (record.length > columns.length) errors.push({ line, column: null, issue: 'too_many_cells' });
    const cells = Object.fromEntries(
      columns.flatMap((column, n) => (column ? [[column, (record[n] ?? '').trim().replace(DEFUSED, '')]] : [])),
    ) as Cells;
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
    const options = ([1, 2, 3] as const).flatMap((n) => {
      const name = first.cells[`option${n}`];
      const values = [...new Set(group.flatMap(({ cells }) => cells[`value${n}`] || []))];
      return name ? [{ n, name, values }] : [];
    });
    const pictures = (first.cells.pictures ?? '').split(/\s+/).filter((url) => url !== '');
    if (pictures.length === 0) fault(first.line, 'pictures', 'needed');
    if (pictures.length > MAX_PICTURES) fault(first.line, 'pictures', 'too_many');
    if (pictures.some((url) => !PictureUrl.safeParse(url).success)) fault(first.line, 'pictures', 'not_a_picture');
    const role = productRoles.find((known) => known === first.cells.role);
    if (!role) fault(first.line, 'role', 'unknown_value');
    const status = productStatuses.find((known) => known === (first.cells.status || 'draft'));
    if (!status) fault(first.line, 'status', 'unknown_value');
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
      const active = (cells.active ?? '').toLowerCase();
      if (!YES.has(active) && !NO.has(active)) fault(line, 'active', 'unknown_value');
      return {
        line,
        sku: {
          code: skuCode,
          name: cells.skuName ?? '',
          priceFen: price('priceFen') ?? 0,
          listPriceFen: price('listPriceFen'),
          listPriceBasis: cells.listPriceBasis || null,
          floorPriceFen: price('floorPriceFen'),
          optionValues: options.map(({ n }) => cells[`value${n}`] ?? ''),
          active: !NO.has(active),
        },
      };
    });
    if (errors.length > before || !role || !status) continue;
    const { title = '', subtitle = '', description = '' } = first.cells;
    const named = options.map(({ name, values }) => ({ name, values }));
    const fields = { ...{ code, title, subtitle, description, pictures, role, status }, options: named };
    products.push({ line: first.line, fields, skus });
  }
  return { products, lines: lines.length, errors: errors.sort((a, b) => a.line - b.line) };
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
