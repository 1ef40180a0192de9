/** The catalogue as a spreadsheet, in and out; docs/19-catalogue.md describes the columns. */
import { z } from 'zod';
import { defineRoute } from './route.ts';

export const IMPORT_BYTES = 5 * 1024 * 1024;
export const IMPORT_LINES = 5_000;
/** Errors told of one file; how many more there are is counted. */
export const IMPORT_ERRORS = 200;

/** Columns of a line: one SKU; columns of its product are the same in each of the product's lines. */
export const importColumns = [
  'productCode',
  'title',
  'subtitle',
  'description',
  'role',
  'status',
  'pictures',
  'option1',
  'option2',
  'option3',
  'skuCode',
  'skuName',
  'value1',
  'value2',
  'value3',
  'priceFen',
  'listPriceFen',
  'listPriceBasis',
  'floorPriceFen',
  'active',
] as const;
export type ImportColumn = (typeof importColumns)[number];

const counts = z.object({ created: z.int(), changed: z.int(), unchanged: z.int() });
export const ImportResult = z
  .object({
    /** Nothing is applied while any line has an error. */
    applied: z.boolean(),
    lines: z.int(),
    products: counts,
    skus: counts,
    errors: z.array(
      z.object({
        /** As a spreadsheet counts, the heading being line 1. */
        line: z.int(),
        column: z.string().nullable(),
        issue: z.string(),
      }),
    ),
    moreErrors: z.int(),
  })
  .meta({ id: 'ImportResult' });
export type ImportResult = z.infer<typeof ImportResult>;

export const importCatalogue = defineRoute({
  id: 'catalogue.import',
  method: 'POST',
  path: '/catalogue/import',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary:
    'Products and SKUs from a CSV (UTF-8 or GBK), found by their codes: a dry run unless `apply` is true; all of it in one transaction or nothing',
  query: z.strictObject({ apply: z.enum(['true', 'false']).default('false') }),
  consumes: ['text/csv'],
  reply: ImportResult,
  status: 200,
  errors: ['invalid_request', 'body_too_large', 'rate_limited', 'unavailable'],
});
export const exportCatalogue = defineRoute({
  id: 'catalogue.export',
  method: 'GET',
  path: '/catalogue/export',
  tag: 'catalogue',
  access: { staff: 'catalogue:read' },
  summary: 'Every SKU with its product, as a CSV that can be imported again',
  produces: ['text/csv'],
});
