/**
 * Products of the mall become products here. The mall wins for titles, pictures, prices, options and which SKUs there are; texts,
 * role and floors are ours once a product is here. It is on sale here when both want it: what the mall takes off is off, what we
 * took off stays off.
 *
 * A version at or below the one that was taken over changes nothing, so a page that comes twice and a cursor that goes back do no
 * harm. What cannot be taken over (a price below our floor, a forbidden word, a picture that is none) is kept with the reason and
 * tried again every time.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import {
  findProduct,
  type ProductFields,
  type ProductRow,
  type SkuRow,
  type Writer,
  type Writing,
} from '../catalogue/index.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { MediaLibrary } from '../media-library/index.ts';
import type { Counts } from './lanes.ts';
import { type Mall, MallFault, MallProduct } from './port.ts';

/** Refused ones that a turn tries again. */
const RETRIED = 100;

export interface ProductsLaneDeps {
  db: Db;
  clock: Clock;
  random: Random;
  guard: Pick<ClaimGuard, 'judge'>;
  pictures: Pick<MediaLibrary, 'keep'>;
  writing: Writing;
  mall: Mall;
}

/** What it should be here. Pure. */
export function mergeProduct(
  wanted: MallProduct,
  pictures: string[],
  before: ProductRow | undefined,
  statusBefore: string | undefined,
  newId: () => string,
): { fields: ProductFields; skus: SkuRow[] } {
  const { code, title, status } = wanted;
  // A mall that knows no options says nothing about ours.
  const options = wanted.options.length > 0 || !before ? wanted.options : before.options;
  const skus = wanted.skus.map((sku): SkuRow => {
    const known = before?.skus.find((one) => one.code === sku.code);
    const optionValues = wanted.options.length > 0 || !known ? sku.optionValues : known.optionValues;
    return { ...sku, optionValues, id: known?.id ?? newId(), floorPriceFen: known?.floorPriceFen ?? null };
  });
  if (!before) {
    const { subtitle, description } = wanted;
    return { fields: { title, subtitle, description, pictures, role: 'main', status, options, code }, skus };
  }
  const named = new Set(wanted.skus.map((sku) => sku.code));
  const gone = before.skus.filter((sku) => sku.code !== null && !named.has(sku.code) && sku.active);
  const { subtitle, description, role } = before;
  const isBack = status === 'on_sale' && statusBefore === 'off_sale' && before.status === 'off_sale';
  const now = status === 'off_sale' && before.status === 'on_sale' ? 'off_sale' : isBack ? 'on_sale' : before.status;
  return {
    fields: { title, subtitle, description, pictures, role, status: now, options, code },
    skus: [...skus, ...gone.map((sku) => ({ ...sku, active: false }))],
  };
}

export function createProductsLane(deps: ProductsLaneDeps) {
  const { db, clock, random, mall } = deps;

  async function ourPictures(urls: readonly string[], code: string, stop: AbortSignal): Promise<string[]> {
    const ours: string[] = [];
    for (const url of urls) {
      const [known] = await db.sql<{
        picture: string;
      }>`SELECT picture_url AS picture FROM mall_pictures WHERE url = ${url}`;
      const picture = known?.picture ?? (await deps.pictures.keep(await mall.picture(url, stop), `mall ${code}`));
      if (!known)
        await db.sql`INSERT INTO mall_pictures (url, picture_url, at) VALUES (${url}, ${picture}, ${clock.now()}) ON CONFLICT DO NOTHING`;
      ours.push(picture);
    }
    return [...new Set(ours)];
  }

  async function requireCleanWords(product: MallProduct): Promise<void> {
    const texts = [product.title, product.subtitle, product.description, ...product.skus.map(({ name }) => name)];
    const options = product.options.flatMap(({ name, values }) => [name, ...values]);
    for (const text of [...texts, ...options]) {
      if (!text) continue;
      const { outcome, hits } = await deps.guard.judge('product', text);
      const [first] = hits;
      if (outcome === 'blocked') throw new AppError('words_refused', { facts: { terms: first ? [first.text] : [] } });
    }
  }

  async function write(tx: Tx, product: MallProduct, pictures: string[], by: Writer): Promise<boolean> {
    const { code, version, status } = product;
    const [taken] = await tx<{ before: string | null }>`
      INSERT INTO mall_products (code, version, status, at) VALUES (${code}, ${version}, ${status}, ${clock.now()})
      ON CONFLICT (code) DO UPDATE SET version = excluded.version, status = excluded.status, issue = NULL, payload = NULL, at = excluded.at
        WHERE mall_products.version < excluded.version OR mall_products.issue IS NOT NULL
      RETURNING old.status AS before`;
    if (!taken) return false;
    const [known] = await tx<{ id: string }>`SELECT id FROM products WHERE code = ${code} FOR UPDATE`;
    const before = known && (await findProduct(tx, known.id));
    const { fields, skus } = mergeProduct(product, pictures, before, taken.before ?? undefined, random.id);
    if (!before) {
      await deps.writing.insert(tx, by, random.id(), fields, skus);
      return true;
    }
    const now = new Map(before.skus.map((sku) => [sku.id, sku]));
    const changed = skus.filter((sku) => !isDeepStrictEqual({ ...sku }, { ...now.get(sku.id) }));
    const { id: _id, createdAt: _at, snapshotHash: _hash, skus: _skus, ...fieldsBefore } = before;
    if (changed.length === 0 && isDeepStrictEqual(fieldsBefore, fields)) return false;
    await deps.writing.change(tx, by, before, { fields, skus: changed });
    return true;
  }

  async function refuse(product: MallProduct, issue: string): Promise<void> {
    const { code, version, status } = product;
    await db.sql`INSERT INTO mall_products (code, version, status, issue, payload, at)
      VALUES (${code}, ${version}, ${status}, ${issue.slice(0, 200)}, ${JSON.stringify(product)}::jsonb, ${clock.now()})
      ON CONFLICT (code) DO UPDATE SET issue = excluded.issue, payload = excluded.payload, version = excluded.version,
        at = CASE WHEN mall_products.issue = excluded.issue THEN mall_products.at ELSE excluded.at END
        WHERE mall_products.version <= excluded.version`;
  }

  /** Takes over one product. A fault of the mall that passes is told as the product's until it has. */
  async function take(product: MallProduct, by: Writer, stop: AbortSignal): Promise<keyof Counts | undefined> {
    const [known] = await db.sql<{
      done: boolean;
    }>`SELECT version >= ${product.version}::bigint AND issue IS NULL AS done
      FROM mall_products WHERE code = ${product.code}`;
    if (known?.done) return undefined;
    try {
      await requireCleanWords(product);
      const pictures = await ourPictures(product.pictures, product.code, stop);
      return (await db.transaction((tx) => write(tx, product, pictures, by))) ? 'changed' : undefined;
    } catch (error) {
      if (error instanceof MallFault && error.code === 'stopped') throw error;
      const ofPicture = error instanceof MallFault;
      if (!ofPicture && (!(error instanceof AppError) || error.code === 'internal')) throw error;
      await refuse(product, ofPicture ? `picture ${error.message}` : issueOf(error as AppError));
      return 'refused';
    }
  }

  return {
    async takePage(items: readonly MallProduct[], by: Writer, counts: Counts, stop: AbortSignal): Promise<void> {
      for (const product of items) {
        counts.seen += 1;
        const outcome = await take(product, by, stop);
        if (outcome) counts[outcome] += 1;
      }
    },
    /** Elements that are no products: kept by their code, without what to try again. */
    async noteFaults(faults: readonly { code: string; issue: string }[], counts: Counts): Promise<void> {
      for (const { code, issue } of faults) {
        counts.seen += 1;
        counts.refused += 1;
        await db.sql`INSERT INTO mall_products (code, version, status, issue, payload, at)
          VALUES (${code}, 0, 'off_sale', ${issue.slice(0, 200)}, '{}'::jsonb, ${clock.now()})
          ON CONFLICT (code) DO UPDATE SET issue = excluded.issue, payload = excluded.payload, at = excluded.at
            WHERE mall_products.issue IS DISTINCT FROM excluded.issue`;
      }
    },
    async retryRefused(by: Writer, counts: Counts, stop: AbortSignal): Promise<void> {
      const rows = await db.sql<{ payload: unknown }>`
        SELECT payload FROM mall_products WHERE issue IS NOT NULL ORDER BY at, code LIMIT ${RETRIED}`;
      for (const { payload } of rows) {
        const read = MallProduct.safeParse(payload);
        if (read.success && (await take(read.data, by, stop)) === 'changed') counts.changed += 1;
      }
    },
  };
}

function issueOf(error: AppError): string {
  const { issues = [], facts } = error.details;
  if (error.code === 'words_refused') {
    const terms = Array.isArray(facts?.terms) ? facts.terms.join(' ') : '';
    return `words_refused ${terms}`.trim();
  }
  return issues.length === 0 ? error.code : issues.map(({ path, issue }) => `${path.slice(1)} ${issue}`).join(', ');
}
