/**
 * What headquarters rules on a credit.
 *
 * A ruling ends the version of the credit that was looked at, by a conditional statement that one of two rivals wins, and writes the
 * next one with its reasoning; the decision made with the order stays as it was (rule A4). It answers every open appeal of the order.
 * The order's row is held first, as payments and refunds do, so that commission is posted for one credit after the other. All of it
 * is one transaction: credit, commission, answers, audit, messages.
 */
import { type BodyOf, type CreditExplanation, ruleCredit } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { MessageDraft } from '../messages/index.ts';
import { touchOf, traceOfRuling } from './appeals.policy.ts';
import { creditedTo } from './credits.repository.ts';
import { type CreditCase, type Explanations, readCase } from './explain.ts';
import { requireNoGain, requireNoInterest } from './interest.ts';

const DAY_MS = 86_400_000;
/** Later it is found on the page of the order. */
const NEWS_DAYS = 30;

export interface RulingsDeps {
  readonly bind: Binder;
  readonly clock: Clock;
  readonly random: Random;
  readonly explain: Explanations['explain'];
  /** Brings commission in line with the credit that stands now. */
  readonly onCreditRuled: (tx: Tx, ruling: { orderId: string; rulingId: string; at: Date }) => Promise<void>;
  readonly tell: (tx: Tx, drafts: readonly MessageDraft[]) => Promise<unknown>;
}

export function createRulings(deps: RulingsDeps): void {
  const { clock, random } = deps;

  /** To whom a change gives the credit, as they are now. */
  async function newHolder(
    tx: Tx,
    credit: CreditCase,
    ruler: StaffPrincipal,
    body: BodyOf<typeof ruleCredit>,
  ): Promise<string | null> {
    const wrong = (issue: string) => new AppError('invalid_request', { issues: [{ path: '/personId', issue }] });
    if (body.personId === undefined) throw wrong('missing');
    if (body.personId === credit.current.personId) throw wrong('same');
    if (body.personId === null) return null;
    const [person] = await tx<{ id: string; kind: string; active: boolean }>`
      SELECT p.id, p.kind, p.active AND COALESCE(s.active, true) AS active
      FROM people raw JOIN people p ON p.id = COALESCE(raw.merged_into, raw.id) LEFT JOIN staff_accounts s ON s.person_id = p.id
      WHERE raw.id = ${body.personId}`;
    if (!person) throw wrong('unknown');
    // Rule A5, and nobody rules for themselves.
    if (credit.parties.buyerIds.has(person.id)) throw new AppError('self_action');
    await requireNoGain(tx, ruler.personId, person.id);
    const wasConsidered = credit.parties.considered.some(({ personId }) => personId === person.id);
    if (!person.active || (person.kind === 'guest' && !wasConsidered)) throw wrong('inactive');
    if (person.id === credit.current.personId) throw wrong('same');
    return person.id;
  }

  async function rule(
    tx: Tx,
    principal: StaffPrincipal,
    orderId: string,
    body: BodyOf<typeof ruleCredit>,
  ): Promise<CreditExplanation> {
    await tx`SELECT 1 FROM orders WHERE id = ${orderId} FOR UPDATE`;
    const at = clock.now();
    const credit = await readCase(tx, orderId, at);
    if (!credit) throw new AppError('not_found');
    const { order, current } = credit;
    requireScope(principal, 'attribution:rule', order.store.path);
    await requireNoInterest(tx, orderId, principal.personId);
    const changes = body.outcome === 'changed';
    if (!changes && body.personId !== undefined)
      throw new AppError('invalid_request', { issues: [{ path: '/personId', issue: 'not_with_upheld' }] });

    const ended = await tx`UPDATE order_credit_versions SET current = false
      WHERE order_id = ${orderId} AND version = ${body.seenVersion} AND current RETURNING version`;
    if (ended.length === 0) throw new AppError('state_conflict', { facts: { version: current.version } });

    const personId = changes ? await newHolder(tx, credit, principal, body) : current.personId;
    const rulingId = random.id();
    const version = current.version + 1;
    await tx`INSERT INTO credit_rulings (id, order_id, version, outcome, reason, by_id, at)
      VALUES (${rulingId}, ${orderId}, ${version}, ${body.outcome}, ${body.reason}, ${principal.personId}, ${at})`;
    const [to] = changes
      ? await creditedTo(tx, [{ personId, isHq: false }], order.store.id)
      : [{ unit: current.unit, inviter: null }];
    if (!to) throw new Error('credit: a ruling for no unit');
    const { considered } = current.trace;
    const trace = changes
      ? { ...current.trace, considered: traceOfRuling(considered, { personId, at }) }
      : current.trace;
    await tx`
      INSERT INTO order_credit_versions (order_id, version, ruling_id, reason, person_id, org_unit_id, org_path, touch_id,
        rule_version, trace, decided_at)
      VALUES (${orderId}, ${version}, ${rulingId}, ${changes ? 'hq_ruling' : current.reason}, ${personId}, ${to.unit.id},
        ${to.unit.path}, ${changes ? touchOf(considered, personId) : current.touchId}, ${current.ruleVersion},
        ${JSON.stringify(trace)}::jsonb, ${at})`;
    const answered = await tx<{ personId: string }>`
      UPDATE credit_appeals SET state = ${body.outcome}, ruling_id = ${rulingId}, closed_at = ${at}
      WHERE order_id = ${orderId} AND state = 'open' RETURNING person_id AS "personId"`;
    if (changes) await deps.onCreditRuled(tx, { orderId, rulingId, at });

    await writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action: 'credit:ruled', target: `order:${orderId}`, orgPath: order.store.path },
      reason: body.reason,
      detail: { outcome: body.outcome, version, from: current.personId, to: personId, appeals: answered.length },
    });
    const asked = answered.map((appeal) => appeal.personId);
    await tell(tx, credit, {
      rulingId,
      at,
      personId,
      concerned: changes ? [...asked, current.personId, personId] : asked,
    });
    return deps.explain(principal, orderId, tx);
  }

  /** Consumers read it in their inbox; staff on the page of the order and in the list of appeals. */
  async function tell(
    tx: Tx,
    { order, current }: CreditCase,
    ruled: { rulingId: string; at: Date; personId: string | null; concerned: readonly (string | null)[] },
  ): Promise<void> {
    const readers = await tx<{ id: string }>`
      SELECT DISTINCT p.id FROM people raw JOIN people p ON p.id = COALESCE(raw.merged_into, raw.id)
      WHERE raw.id = ANY(${ruled.concerned.filter((id) => id !== null)}::uuid[]) AND p.kind = 'consumer' AND p.active`;
    const eventFor = (id: string) => {
      if (ruled.personId === current.personId) return 'kept';
      if (id === ruled.personId) return 'won';
      return id === current.personId ? 'lost' : 'kept';
    };
    const words = { won: '改为由你带来', lost: '不再由你带来', kept: '维持原来的归属' } as const;
    await deps.tell(
      tx,
      readers.map(({ id }) => ({
        key: `credit-ruling:${ruled.rulingId}:${id}`,
        personId: id,
        kind: 'credit_news',
        why: 'shared',
        unit: { id: order.store.id, path: order.store.path },
        roomId: null,
        content: {
          ...{ roomTitle: order.room?.title ?? '', unitName: order.store.name, coverUrl: '', scheduledAt: null },
          text: `总部裁定：一笔订单${words[eventFor(id)]}。`,
          credit: { orderId: order.id, event: eventFor(id) },
        },
        expiresAt: new Date(ruled.at.getTime() + NEWS_DAYS * DAY_MS),
      })),
    );
  }

  deps.bind(ruleCredit, async ({ principal, params, body, tx }) => rule(tx, principal, params.id, body));
}
