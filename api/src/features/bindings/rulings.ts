/** Headquarters says whose customer somebody is; and every bond a customer had, which no change deletes. */
import { type BindingStep, type BodyOf, bindingHistory, isWithin, ruleBinding } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { bindingTerms } from './bindings.policy.ts';
import * as rows from './bindings.repository.ts';
import { type BindingsService, mayReadCustomer } from './bindings.service.ts';

type StepRow = Omit<BindingStep, 'boundAt' | 'protectedUntil' | 'validUntil' | 'endedAt'> &
  Record<'boundAt', Date> &
  Record<'protectedUntil' | 'validUntil' | 'endedAt', Date | null>;

export function bindBindingRulings(
  bind: Binder,
  deps: { db: Db; clock: Clock; random: Random; service: BindingsService },
): void {
  const { db, clock, random } = deps;

  async function rule(
    tx: Tx,
    principal: StaffPrincipal,
    asked: { customerId: string; body: BodyOf<typeof ruleBinding> },
  ): Promise<void> {
    const { body } = asked;
    const [known] = await tx`SELECT 1 FROM people WHERE id = ${asked.customerId} AND kind <> 'staff'`;
    if (!known) throw new AppError('not_found');
    const customerId = await rows.lockPerson(tx, asked.customerId);
    const at = clock.now();
    const [unit] = await tx<{ path: string; kind: 'hq' | 'channel' | 'store' }>`
      SELECT path, kind FROM org_units WHERE id = ${body.orgUnitId}`;
    if (!unit || !isWithin(unit.path, principal.staff.orgPath)) throw new AppError('not_found');
    if (body.guideId === principal.personId)
      throw new AppError('conflict_of_interest', { facts: { reason: 'receiver' } });
    if (body.guideId !== null) {
      const [guide] = await tx`SELECT 1 FROM staff_accounts s JOIN people p ON p.id = s.person_id
        WHERE p.id = ${body.guideId} AND s.org_unit_id = ${body.orgUnitId} AND s.active AND p.active`;
      if (!guide) throw new AppError('invalid_request', { issues: [{ path: '/guideId', issue: 'not_of_unit' }] });
    }
    const current = await rows.currentBinding(tx, customerId);
    if ((current?.id ?? null) !== body.seenBindingId)
      throw new AppError('state_conflict', { facts: { bindingId: current?.id ?? null } });
    if (current) await rows.endBinding(tx, current.id, at);
    const owner = { storeId: body.orgUnitId, guideId: body.guideId };
    await rows.insertBindings(tx, [
      {
        ...{ id: random.id(), customerId, owner, reason: 'hq_ruling', touchId: null, at },
        ...bindingTerms(await rows.policyAt(tx, at), unit.kind, at),
        act: { byId: principal.personId, why: body.reason, transferId: null },
      },
    ]);
    await writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action: 'binding:ruled', target: `person:${customerId}`, orgPath: unit.path },
      reason: body.reason,
      detail: { from: current ? { storeId: current.storeId, guideId: current.guideId } : null, to: owner },
    });
  }

  bind(ruleBinding, async ({ principal, params, body }) => {
    await db.transaction((tx) => rule(tx, principal, { customerId: params.id, body }));
    return deps.service.read(principal, params.id);
  });

  bind(bindingHistory, async ({ principal, params }) => {
    const customer = await rows.readBinding(db.sql, params.id, clock.now());
    if (!customer || !mayReadCustomer(principal.staff, customer)) throw new AppError('not_found');
    const steps = await db.sql<StepRow>`
      SELECT b.id, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store,
        CASE WHEN g.id IS NOT NULL THEN json_build_object('id', g.id, 'name', g.name) END AS guide, b.reason,
        CASE WHEN a.id IS NOT NULL THEN json_build_object('id', a.id, 'name', a.name) END AS by, b.why, b.bound_at AS "boundAt",
        b.protect_until AS "protectedUntil", b.valid_until AS "validUntil", b.ended_at AS "endedAt"
      FROM owner_bindings b JOIN org_units u ON u.id = b.store_id LEFT JOIN people g ON g.id = b.guide_id
      LEFT JOIN people a ON a.id = b.by_id
      WHERE b.customer_id = ${customer.customer_id} ORDER BY b.bound_at DESC, b.id DESC`;
    return {
      items: steps.map((step) => ({
        ...step,
        boundAt: step.boundAt.toISOString(),
        protectedUntil: step.protectedUntil?.toISOString() ?? null,
        validUntil: step.validUntil?.toISOString() ?? null,
        endedAt: step.endedAt?.toISOString() ?? null,
      })),
    };
  });
}
