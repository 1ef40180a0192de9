/**
 * Writing a product: the one way in for the console, an import and a mall. The product's row is locked first, so that rivals
 * stand in line and what is checked among the SKUs still holds when they are written.
 *
 * Rule S6: whatever sells opens under a shared lock of its SKU, so either it is seen here when the floor has risen, or it sees the
 * floor. What is overtaken is written down and runs on as announced; nobody changes a price behind a store's back.
 */
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { sqlState, type Tx, violatedConstraint } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { MediaLibrary } from '../media-library/index.ts';
import { listBelowFloor } from './below-floor.ts';
import { mayBecome, optionFaultOf, priceFaultOf } from './catalogue.policy.ts';
import * as products from './catalogue.repository.ts';

/** Who writes: a person, or (null) a mall that this brand is joined with. */
export interface Writer {
  readonly personId: string | null;
  readonly orgPath: string;
  readonly maySetFloors: boolean;
}
/** Rows of the audit that one change of floors may write; the list of what is below its floor has no such end. */
const MOST_NOTED = 500;
const targets = { offer: 'offer', gift: 'offer', bundle: 'bundle', group: 'group_campaign' } as const;
const invalid = (path: string, issue: string) => new AppError('invalid_request', { issues: [{ path, issue }] });

function checkSkus(
  fields: Pick<products.ProductFields, 'options'>,
  all: readonly products.SkuRow[],
  named: readonly products.SkuRow[],
): void {
  for (const [index, sku] of named.entries()) {
    const found = priceFaultOf(sku);
    if (found) throw invalid(`/skus/${index}/${found.field}`, found.fault);
  }
  const found = optionFaultOf(fields.options, all);
  if (!found) return;
  const at = found.at === null ? -1 : named.findIndex(({ id }) => id === all[found.at ?? 0]?.id);
  throw invalid(at < 0 ? '/options' : `/skus/${at}/optionValues`, found.fault);
}

export function createWriting(deps: { clock: Clock; random: Random; pictures: Pick<MediaLibrary, 'use'> }) {
  const { clock, random, pictures } = deps;

  const note = (tx: Tx, by: Writer, action: string, target: string, detail: Record<string, unknown>) =>
    writeAudit(tx, deps, { actorId: by.personId, action, target, orgPath: by.orgPath, detail });

  /** A code that another product or SKU has is a conflict the writer can read. */
  async function uniquely<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const taken = sqlState(error) === '23505' && /_code_key$/.test(violatedConstraint(error) ?? '');
      throw taken ? new AppError('conflict', { issues: [{ path: '/code', issue: 'code_taken' }] }, error) : error;
    }
  }

  return {
    /** @throws AppError invalid_request, forbidden (a floor without the right), conflict (a code that is taken) */
    async insert(
      tx: Tx,
      by: Writer,
      id: string,
      product: products.ProductFields,
      given: readonly Omit<products.SkuRow, 'id'>[],
    ): Promise<void> {
      const at = clock.now();
      const skus = given.map((sku) => ({ ...sku, id: random.id() }));
      checkSkus(product, skus, skus);
      if (!by.maySetFloors && skus.some(({ floorPriceFen }) => floorPriceFen !== null)) throw new AppError('forbidden');
      await pictures.use(tx, product.pictures, at);
      await uniquely(async () => {
        await products.insertProduct(tx, id, product, at);
        for (const sku of skus) await products.insertSku(tx, id, sku);
      });
      await products.refreshSnapshot(tx, id, at);
      await note(tx, by, 'product:created', `product:${id}`, { title: product.title, skus });
    },

    /**
     * SKUs with a known id are changed, others added; what is not named stays. `before` was read under the product's lock.
     * @throws AppError as insert does, and state_conflict where the status may not change so
     */
    async change(
      tx: Tx,
      by: Writer,
      before: products.ProductRow,
      wanted: { fields: Partial<products.ProductFields>; skus: readonly products.SkuRow[] },
    ): Promise<void> {
      const at = clock.now();
      const after: products.ProductFields = { ...before, ...wanted.fields };
      if (!mayBecome(before.status, after.status)) throw new AppError('state_conflict');
      const known = new Map(before.skus.map((sku) => [sku.id, sku]));
      const named = new Map(wanted.skus.map((sku) => [sku.id, sku]));
      const all = [
        ...before.skus.map((sku) => named.get(sku.id) ?? sku),
        ...wanted.skus.filter(({ id }) => !known.has(id)),
      ];
      checkSkus(after, all, wanted.skus);
      const refloored = wanted.skus.filter((sku) => sku.floorPriceFen !== (known.get(sku.id)?.floorPriceFen ?? null));
      if (!by.maySetFloors && refloored.length > 0) throw new AppError('forbidden');
      await pictures.use(tx, after.pictures, at);
      await uniquely(async () => {
        await products.updateProduct(tx, before.id, after, at);
        for (const sku of wanted.skus) {
          const write = known.has(sku.id) ? products.updateSku : products.insertSku;
          await write(tx, before.id, sku);
        }
      });
      await products.refreshSnapshot(tx, before.id, at);
      await note(tx, by, 'product:changed', `product:${before.id}`, {
        ...wanted.fields,
        ...(wanted.skus.length > 0 ? { skus: wanted.skus } : {}),
      });
      if (refloored.length === 0) return;
      const skuIds = refloored.map(({ id }) => id);
      for (const below of await listBelowFloor(tx, { at, skuIds, limit: MOST_NOTED })) {
        const { kind, offerId, orgUnit, skuId, priceFen, floorPriceFen } = below;
        const target = `${targets[kind]}:${offerId}`;
        await note(tx, { ...by, orgPath: orgUnit.path }, 'offer:below_floor', target, {
          skuId,
          priceFen,
          floorPriceFen,
        });
      }
    },
  };
}
export type Writing = ReturnType<typeof createWriting>;
