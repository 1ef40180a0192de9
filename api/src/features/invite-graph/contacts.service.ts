/** Whom to speak with next, and who has spoken with whom. A guide sees and writes of their own customers, others of their scope's. */
import {
  type BodyOf,
  type CustomerContact,
  type contactNext,
  type listContacts,
  may,
  type QueryOf,
  type ReplyOf,
  type writeContact,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { maskPhonesIn } from '../../platform/masks.policy.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { knownCustomer } from '../members/index.ts';
import * as rows from './contacts.repository.ts';
import { requireNetworkScope, toNetworkPerson } from './forest.service.ts';
import { reasonsToContact, urgency } from './next-contacts.policy.ts';
import { describe } from './reading.repository.ts';

/** Of each kind of reason, so many people are looked at. */
const LOOKED_AT = 200;

const toContact = (row: rows.ContactRow): CustomerContact => ({
  id: row.id,
  by: { id: row.byId, name: row.byName },
  way: row.way,
  note: maskPhonesIn(row.note),
  at: row.at.toISOString(),
  nextAt: row.nextAt?.toISOString() ?? null,
});

export function createContactsService(deps: { db: Db; clock: Clock; random: Random }) {
  const { db, clock, random } = deps;
  const isGuideOnly = ({ staff }: StaffPrincipal) => !may(staff.role, 'customers:read');

  async function requireCustomer(sql: Sql, principal: StaffPrincipal, personId: string): Promise<void> {
    if (!isGuideOnly(principal)) await knownCustomer(sql, principal, personId);
    else if (!(await rows.isCustomerOf(sql, principal.personId, personId))) throw new AppError('not_found');
  }

  return {
    async list(
      principal: StaffPrincipal,
      personId: string,
      query: QueryOf<typeof listContacts>,
    ): Promise<ReplyOf<typeof listContacts>> {
      const after = decodeTimeCursor(query.cursor);
      await requireCustomer(db.sql, principal, personId);
      const scope = principal.staff.orgPath;
      const found = await rows.contactsOf(db.sql, { personId, scope, after, limit: query.limit + 1 });
      const { rows: shown, nextCursor } = cutPage(found, query.limit, encodeTimeCursor);
      return { items: shown.map(toContact), nextCursor };
    },

    /** @throws AppError invalid_request when the next day has passed already */
    async write(
      tx: Tx,
      principal: StaffPrincipal,
      personId: string,
      body: BodyOf<typeof writeContact>,
    ): Promise<CustomerContact> {
      await requireCustomer(tx, principal, personId);
      const at = clock.now();
      const nextAt = body.nextAt === undefined ? null : new Date(body.nextAt);
      if (nextAt !== null && nextAt <= at)
        throw new AppError('invalid_request', { issues: [{ path: '/nextAt', issue: 'in_the_past' }] });
      const contact = {
        id: random.id(),
        personId,
        byId: principal.personId,
        way: body.way,
        note: body.note,
        at,
        nextAt,
      };
      await rows.insertContact(tx, { ...contact, orgPath: principal.staff.orgPath });
      return toContact({ ...contact, byName: principal.name });
    },

    async next(principal: StaffPrincipal, limit: number): Promise<ReplyOf<typeof contactNext>> {
      const scope = await requireNetworkScope(db, principal, undefined);
      const now = clock.now();
      const guideId = isGuideOnly(principal) ? principal.personId : null;
      const ids = await rows.candidates(db.sql, scope, guideId, now, LOOKED_AT);
      const [people, contacts] = await Promise.all([
        describe(db.sql, scope, ids),
        rows.lastContacts(db.sql, scope.path, ids),
      ]);
      const lastOf = new Map(contacts.map((contact) => [contact.personId, contact]));
      const items = people.flatMap((row) => {
        const last = lastOf.get(row.id);
        const reasons = reasonsToContact(
          { ...row, lastContactAt: last?.at ?? null, nextContactAt: last?.nextAt ?? null },
          now,
        );
        return reasons.length === 0 ? [] : [{ row, reasons, last }];
      });
      return {
        items: items
          .toSorted((a, b) => urgency(b.reasons) - urgency(a.reasons) || b.row.people - a.row.people)
          .slice(0, limit)
          .map(({ row, reasons, last }) => ({
            ...toNetworkPerson(principal, scope, row),
            reasons,
            lastContact: last ? toContact(last) : null,
          })),
      };
    },
  };
}
