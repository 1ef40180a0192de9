/**
 * Products from a spreadsheet. For real everything is written in one transaction, or nothing. A dry run, and what tells every
 * wrong line of a file that was refused, writes each product in a transaction of its own that is never kept: it holds no
 * product's row longer than that product takes, and leaves no trace, not even in the log of corrections.
 *
 * A product is found by its code and a SKU by its own; what is as it should be is not written, so the same file twice changes
 * nothing. What the file does not name, products, SKUs or columns, stays.
 */
import { isDeepStrictEqual } from 'node:util';
import { IMPORT_BYTES, IMPORT_ERRORS, type ImportResult } from '@walnut-live/contracts';
import type { Random } from '../../platform/clock.ts';
import { type Db, sqlState, type Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createGate } from '../../platform/gate.ts';
import { createLimit } from '../../platform/limits.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import * as products from './catalogue.repository.ts';
import { writerOf } from './catalogue.service.ts';
import { decodeText, type ImportedProduct, type LineError, productsOf, withKnown } from './import-file.ts';
import type { Writing } from './writing.ts';

/** Imports of one person. */
const IMPORTS_PER_MINUTE = 20;
/** A transaction of thousands of lines holds a connection for seconds. */
const IMPORTS_AT_ONCE = 1;
const IMPORTS_IN_LINE = 5;
/** Somebody else is at a product: the whole file is better tried again than kept waiting with all its rows locked. */
const BUSY_RETRY_SECONDS = 5;
const LOCK_NOT_AVAILABLE = '55P03';

type Counts = ImportResult['products'];
const none = (): Counts => ({ created: 0, changed: 0, unchanged: 0 });
interface Done {
  readonly product: keyof Counts;
  readonly skus: Counts;
}
/** Ends a transaction whose result is wanted without its effect. */
class NotKept extends Error {
  readonly done: Done;
  constructor(done: Done) {
    super('not kept');
    this.done = done;
  }
}
/** Wrong with the file, not with us or the moment. */
const isFault = (error: unknown): error is AppError =>
  error instanceof AppError && error.code !== 'internal' && error.code !== 'unavailable';

const isDone = (one: Done | LineError): one is Done => 'product' in one;

function countsOf(done: readonly Done[]): Pick<ImportResult, 'products' | 'skus'> {
  const all = { products: none(), skus: none() };
  for (const { product, skus } of done) {
    all.products[product] += 1;
    for (const kind of ['created', 'changed', 'unchanged'] as const) all.skus[kind] += skus[kind];
  }
  return all;
}

export function createImports(deps: {
  db: Db;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
  writing: Writing;
}) {
  const { db, random, guard, writing } = deps;
  const limit = createLimit({ points: IMPORTS_PER_MINUTE, seconds: 60 });
  const gate = createGate(IMPORTS_AT_ONCE, IMPORTS_IN_LINE);

  async function readBefore(tx: Tx, code: string): Promise<products.ProductRow | undefined> {
    const [row] = await tx<{ id: string }>`SELECT id FROM products
      WHERE code = ${code} OR (code IS NULL AND id::text = ${code}) ORDER BY code NULLS LAST LIMIT 1 FOR NO KEY UPDATE`;
    return row && products.findProduct(tx, row.id);
  }

  /** Writes one product; answers what came of it and its SKUs. */
  async function write(tx: Tx, principal: StaffPrincipal, imported: ImportedProduct, logged: boolean): Promise<Done> {
    const by = writerOf(principal);
    const before = await readBefore(tx, imported.fields.code);
    const id = before?.id ?? random.id();
    const { fields, skus } = withKnown(imported, before);
    const texts = [fields.title, fields.subtitle, fields.description, ...skus.map(({ name }) => name)];
    const options = fields.options.flatMap(({ name, values }) => [name, ...values]);
    const judge = () =>
      guard.requireClean(
        {
          ...{ place: 'product' as const, target: `product:${id}`, orgPath: by.orgPath, roomId: null },
          personId: principal.personId,
        },
        [...texts, ...options],
        { logged },
      );
    if (!before) {
      await judge();
      await writing.insert(tx, by, id, fields, skus);
      return { product: 'created', skus: { ...none(), created: skus.length } };
    }
    const counted = none();
    const changed: products.SkuRow[] = [];
    for (const sku of skus) {
      const known = before.skus.find(({ id: skuId }) => skuId === sku.id);
      const wanted = { ...sku, id: known?.id ?? random.id() };
      if (known && isDeepStrictEqual({ ...known }, wanted)) counted.unchanged += 1;
      else {
        counted[known ? 'changed' : 'created'] += 1;
        changed.push(wanted);
      }
    }
    // Values of SKUs that the file does not name stay choosable.
    const merged = { ...fields, options: mergeOptions(fields.options, before) };
    const { title, subtitle, description, pictures, role, status, code } = before;
    const same = isDeepStrictEqual(
      { title, subtitle, description, pictures, role, status, code, options: before.options },
      merged,
    );
    if (same && changed.length === 0) return { product: 'unchanged', skus: counted };
    await judge();
    await writing.change(tx, by, before, { fields: merged, skus: changed });
    return { product: 'changed', skus: counted };
  }

  /** A transaction that waits for nobody's row for long. @throws AppError unavailable */
  async function briefly(work: (tx: Tx) => Promise<void>): Promise<void> {
    try {
      await db.transaction(async (tx) => {
        await tx`SET LOCAL lock_timeout = '1s'`;
        await work(tx);
      });
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      throw new AppError('unavailable', { retryAfterSeconds: BUSY_RETRY_SECONDS }, error);
    }
  }

  /** All or nothing. The faults of the first product that may not be written, or what came of each. */
  async function writeAll(
    principal: StaffPrincipal,
    wanted: readonly ImportedProduct[],
  ): Promise<Done[] | LineError[]> {
    let done: Done[] = [];
    let at: ImportedProduct | undefined;
    try {
      await briefly(async (tx) => {
        done = [];
        for (at of wanted) done.push(await write(tx, principal, at, true));
      });
      return done;
    } catch (error) {
      if (at && isFault(error)) return faultsOf(error, at);
      throw error;
    }
  }

  /** What would come of each product, and what is wrong with it. @throws AppError unavailable */
  async function tryEach(
    principal: StaffPrincipal,
    wanted: readonly ImportedProduct[],
  ): Promise<{ done: Done[]; errors: LineError[] }> {
    const done: Done[] = [];
    const errors: LineError[] = [];
    for (const product of wanted) {
      try {
        await briefly(async (tx) => {
          throw new NotKept(await write(tx, principal, product, false));
        });
      } catch (error) {
        if (error instanceof NotKept) done.push(error.done);
        else if (isFault(error)) errors.push(...faultsOf(error, product));
        else throw error;
      }
    }
    return { done, errors };
  }

  return {
    /** @throws AppError invalid_request when it is no text, body_too_large by the route, unavailable when others are at its rows */
    async run(principal: StaffPrincipal, bytes: Buffer, apply: boolean): Promise<ImportResult> {
      await limit.take(principal.personId);
      if (bytes.length > IMPORT_BYTES) throw new AppError('body_too_large');
      return gate(async () => {
        const text = decodeText(bytes);
        if (text === undefined) throw new AppError('invalid_request', { issues: [{ path: '/', issue: 'not_text' }] });
        const read = productsOf(text);
        // Sorted: two files at once lock the same products in the same order.
        const inOrder = [...read.products].sort((a, b) => (a.fields.code < b.fields.code ? -1 : 1));
        const written = apply && read.errors.length === 0 ? await writeAll(principal, inOrder) : [];
        const kept = written.every(isDone) && apply && read.errors.length === 0 ? written : undefined;
        const tried = kept ? { done: kept, errors: [] } : await tryEach(principal, inOrder);
        // What refused it may be over a moment later; whoever asked is told.
        const told = tried.errors.length > 0 ? tried.errors : written.filter((one): one is LineError => !isDone(one));
        const errors = [...read.errors, ...told].sort((a, b) => a.line - b.line);
        return {
          applied: kept !== undefined,
          lines: read.lines,
          ...countsOf(tried.done),
          errors: errors.slice(0, IMPORT_ERRORS),
          moreErrors: Math.max(0, errors.length - IMPORT_ERRORS),
        };
      });
    },
  };
}
export type Imports = ReturnType<typeof createImports>;

function mergeOptions(options: products.ProductFields['options'], before: products.ProductRow) {
  return options.map(({ name, values }, n) => {
    const known = before.options[n];
    if (known?.name !== name) return { name, values };
    const used = new Set([
      ...values,
      ...before.skus.flatMap(({ active, optionValues }) => (active ? (optionValues[n] ?? []) : [])),
    ]);
    return {
      name,
      values: [
        ...known.values.filter((value) => used.has(value)),
        ...values.filter((value) => !known.values.includes(value)),
      ],
    };
  });
}

/** What the writing refused, at the line it is about. */
function faultsOf(error: AppError, product: ImportedProduct): LineError[] {
  const { issues = [], facts } = error.details;
  if (error.code === 'words_refused') {
    const terms = Array.isArray(facts?.terms) ? facts.terms.join(' ') : '';
    return [{ line: product.line, column: null, issue: `words_refused ${terms}`.trim() }];
  }
  if (issues.length === 0) return [{ line: product.line, column: null, issue: error.code }];
  return issues.map(({ path, issue }) => {
    const [, index, field] = /^\/skus\/(\d+)\/(\w+)$/.exec(path) ?? [];
    const line = index === undefined ? product.line : (product.skus[Number(index)]?.line ?? product.line);
    return { line, column: field ?? path.slice(1).replace(/\/\d+$/, ''), issue };
  });
}
