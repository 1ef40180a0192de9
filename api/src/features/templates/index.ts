/**
 * Headquarters copies what a store is set up with to other stores: schedules of lives, terms of coupons, rules of alerts, shipping.
 *
 * Model: templates are told apart by kind and name. A plan says of each what happens at each store; a copy makes its plan and does
 * it in one transaction, so a preview and a copy say the same of the same stores, and a copy that is done again finds all there.
 * Invariants: copies stand in line (one lock), stores that are being changed or closed are waited for; nothing of customers, guides,
 * orders or counts is copied; every store that got something has a row in the audit log with the reason.
 */
import {
  copyTemplates,
  previewTemplates,
  type TemplateAct,
  type TemplateCopy,
  type TemplateKind,
  templateKinds,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { type Deed, nameKey, planOf } from './templates.policy.ts';
import * as rows from './templates.repository.ts';

const COPY_LOCK = 5_150_382;

interface Wish {
  readonly sourceId: string;
  readonly kinds: readonly TemplateKind[];
  readonly to: 'all' | readonly string[];
  readonly existing: 'skip' | 'replace';
}
interface Plan {
  readonly source: rows.Unit;
  readonly stores: readonly { readonly store: rows.Store; readonly deeds: readonly Deed[] }[];
}

export function createTemplates(deps: { bind: Binder; db: Db; clock: Clock; random: Random }): void {
  const { bind, db, clock, random } = deps;

  /** @throws AppError not_found for what is no store; invalid_request for a store that is closed or the source itself */
  async function planned(sql: Sql, wish: Wish): Promise<Plan> {
    const source = await rows.unitOf(sql, wish.sourceId);
    if (!source) throw new AppError('not_found');
    const wanted = wish.to === 'all' ? null : [...new Set(wish.to)];
    const stores = await rows.storesOf(sql, wanted, source.id);
    if (wanted !== null && stores.length !== wanted.length)
      throw new AppError('invalid_request', { issues: [{ path: '/to', issue: 'no_open_store' }] });
    const kinds = templateKinds.filter((kind) => wish.kinds.includes(kind));
    const at = clock.now();
    const held = await rows.heldBy(sql, [source.id, ...stores.map(({ id }) => id)], kinds, at);
    const ofUnit = Map.groupBy(held, ({ unitId }) => unitId);
    // Of several of one name the newest is the one that is meant.
    const templates = (ofUnit.get(source.id) ?? []).filter(
      ({ kind, name }, n, all) =>
        all.findIndex((one) => one.kind === kind && nameKey(one.name) === nameKey(name)) === n,
    );
    return {
      source,
      stores: stores.map((store) => ({
        store,
        deeds: planOf(templates, ofUnit.get(store.id) ?? [], { hasHost: store.hostId !== null }, wish.existing),
      })),
    };
  }
  function view({ source, stores }: Plan): TemplateCopy {
    const acts = stores.flatMap(({ deeds }) => deeds.map(({ line }) => line.act));
    const count = (act: TemplateAct) => acts.filter((one) => one === act).length;
    return {
      source,
      stores: stores.map(({ store: { hostId: _, ...orgUnit }, deeds }) => ({
        orgUnit,
        lines: deeds.map(({ line }) => line),
      })),
      sums: {
        ...{ make: count('make'), replace: count('replace'), skip: count('skip') },
        ...{ same: count('same'), cannot: count('cannot') },
      },
    };
  }

  bind(previewTemplates, async ({ body }) => view(await planned(db.sql, body)));
  bind(copyTemplates, async ({ tx, principal, body }) => {
    await tx`SELECT pg_advisory_xact_lock(${COPY_LOCK})`;
    await tx`SELECT 1 AS held FROM org_units WHERE kind = 'store' ORDER BY id FOR SHARE`;
    if (body.kinds.includes('room_slots')) await rows.holdSlots(tx);
    const plan = await planned(tx, body);
    const at = clock.now();
    const { personId: by } = principal;
    for (const { store, deeds } of plan.stores) {
      const done = deeds.filter(({ line }) => line.act === 'make' || line.act === 'replace');
      for (const { template, held } of done) await rows.write(tx, { store, template, held, id: random.id(), by, at });
      if (done.length === 0) continue;
      await writeAudit(tx, deps, {
        ...{ actorId: by, action: 'templates:copied', target: `org_unit:${store.id}`, orgPath: store.path },
        reason: body.reason,
        detail: { from: plan.source.id, existing: body.existing, lines: done.map(({ line }) => line) },
      });
    }
    return view(plan);
  });
}
