/**
 * Products from a spreadsheet. One way for the dry run and the real one: everything is written in one transaction, each product
 * behind a savepoint so that every wrong line is told at once, and the transaction is kept only when it was asked for and no
 * line is wrong.
 *
 * A product is found by its code and a SKU by its own; what is as it should be is not written, so the same file twice changes
 * nothing. What the file does not name stays.
 */
import { isDeepStrictEqual } from 'node:util';
import { IMPORT_BYTES, IMPORT_ERRORS, type ImportResult } from '@walnut-live/contracts';
import type { Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createGate } from '../../platform/gate.ts';
import { createLimit } from '../../platform/limits.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import * as products from './catalogue.repository.ts';
import { writerOf } from './catalogue.service.ts';
import { decodeText, type ImportedProduct, type LineError, productsOf } from './import.policy.ts';
import type { Writing } from './writing.ts';

/** Imports of one person. */
const IMPORTS_PER_MINUTE = 20;
/** A transaction of thousands of lines holds a connection for seconds. */
const IMPORTS_AT_ONCE = 1;
const IMPORTS_IN_LINE = 5;

/** Ends a transaction whose result is wanted without its effect. */
class NotKept extends Error {}
type Counts = ImportResult['products'];
const none = (): Counts => ({ created: 0, changed: 0, unchanged: 0 });

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
      WHERE code = ${code} OR (code IS NULL AND id::text = ${code}) ORDER BY code NULLS LAST LIMIT 1 FOR UPDATE`;
    return row && products.findProduct(tx, row.id);
  }

  /** Writes one product; answers what came of it and its SKUs. */
  async function write(tx: Tx, principal: StaffPrincipal, { fields, skus }: ImportedProduct) {
    const by = writerOf(principal);
    const counted = { product: 'unchanged' as keyof Counts, skus: none() };
    const before = await readBefore(tx, fields.code);
    const id = before?.id ?? random.id();
    const texts = [fields.title, fields.subtitle, fields.description, ...skus.map(({ sku }) => sku.name)];
    const options = fields.options.flatMap(({ name, values }) => [name, ...values]);
    const judge = () =>
      guard.requireClean(
        {
          ...{ place: 'product' as const, target: `product:${id}`, orgPath: by.orgPath, roomId: null },
          personId: principal.personId,
        },
        [...texts, ...options],
      );
    if (!before) {
      await judge();
      await writing.insert(
        tx,
        by,
        id,
        fields,
        skus.map(({ sku }) => sku),
      );
      return { product: 'created' as const, skus: { ...none(), created: skus.length } };
    }
    const changed: products.SkuRow[] = [];
    for (const { sku } of skus) {
      const known = before.skus.find(({ id: skuId, code }) => (code ?? skuId) === sku.code);
      const wanted = { ...sku, id: known?.id ?? random.id() };
      if (known && isDeepStrictEqual({ ...known }, wanted)) counted.skus.unchanged += 1;
      else {
        counted.skus[known ? 'changed' : 'created'] += 1;
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
    if (same && changed.length === 0) return counted;
    await judge();
    await writing.change(tx, by, before, { fields: merged, skus: changed });
    return { ...counted, product: 'changed' as const };
  }

  return {
    /** @throws AppError invalid_request when it is no text, body_too_large by the route */
    async run(principal: StaffPrincipal, bytes: Buffer, apply: boolean): Promise<ImportResult> {
      await limit.take(principal.personId);
      if (bytes.length > IMPORT_BYTES) throw new AppError('body_too_large');
      const text = decodeText(bytes);
      if (text === undefined) throw new AppError('invalid_request', { issues: [{ path: '/', issue: 'not_text' }] });
      const read = productsOf(text);
      return gate(async () => {
        const errors: LineError[] = [...read.errors];
        const result = { products: none(), skus: none() };
        const keep = () => apply && errors.length === 0;
        await db
          .transaction(async (tx) => {
            // Sorted: two files at once lock the same products in the same order.
            const inOrder = [...read.products].sort((a, b) => (a.fields.code < b.fields.code ? -1 : 1));
            for (const product of inOrder) {
              await tx`SAVEPOINT product`;
              try {
                const done = await write(tx, principal, product);
                result.products[done.product] += 1;
                for (const kind of ['created', 'changed', 'unchanged'] as const) result.skus[kind] += done.skus[kind];
                await tx`RELEASE SAVEPOINT product`;
              } catch (error) {
                if (!(error instanceof AppError) || error.code === 'internal') throw error;
                await tx`ROLLBACK TO SAVEPOINT product`;
                errors.push(...faultsOf(error, product));
              }
            }
            if (!keep()) throw new NotKept();
          })
          .catch((error: unknown) => {
            if (!(error instanceof NotKept)) throw error;
          });
        errors.sort((a, b) => a.line - b.line);
        return {
          applied: keep(),
          lines: read.lines,
          ...result,
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
