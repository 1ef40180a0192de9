/**
 * Real-name adults only (rule G1), knowing as little as possible of them (rule Z6).
 *
 * Model: at most one check per person; it says whether they were an adult then, their year of birth, and `subject`: a keyed hash
 * of the number, the same for all accounts of one real person, so that limits hold for the person and not for the account.
 * Invariants: name and number are never stored or logged; nothing is kept without a consent that stands; who withdraws it is
 * forgotten at once.
 */
import { createHmac, hkdfSync } from 'node:crypto';
import {
  ADULT_CONSENT_WORDING,
  type AdultState,
  checkAdult,
  getAdultCheck,
  type ReplyOf,
  withdrawAdultCheck,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import { ADULT_YEARS, ageAt } from './resident-id.policy.ts';
import { embeddedVerifier, type IdentityVerifier } from './verifier.ts';

export type { IdentityVerifier } from './verifier.ts';

/** A typing error or two; not a search for a number that passes. */
const CHECKS_PER_HOUR = 6;
const PURPOSE = 'adult_check';
/** Where the brand and its customers are. */
const CHINA_OFFSET_MS = 8 * 3_600_000;

interface Row {
  readonly adult: boolean;
  readonly subject: string;
  readonly checkedAt: Date;
  readonly consentAt: Date;
}
export interface AdultChecks {
  /** The key under which this real person's limits are kept. @throws AppError adult_check_needed, adults_only */
  require(sql: Sql, personId: string): Promise<string>;
  /** Rule Z6: takes the consent back and forgets the check. */
  withdraw(personId: string): Promise<void>;
  /** What is known; `subject` null before a check. */
  standing(sql: Sql, personId: string): Promise<ReplyOf<typeof getAdultCheck> & { subject: string | null }>;
}

export function createAdultChecks(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  /** The number's hash is keyed by something made from it. */
  secret: string;
  verifier?: IdentityVerifier;
}): AdultChecks {
  const { bind, db, clock, random, verifier = embeddedVerifier } = deps;
  const key = Buffer.from(hkdfSync('sha256', deps.secret, '', 'walnut-live resident id number', 32));
  const attempts = createLimit({ points: CHECKS_PER_HOUR, seconds: 3_600 });
  const subjectOf = (idNumber: string) => createHmac('sha256', key).update(idNumber.toUpperCase()).digest('base64url');

  async function read(sql: Sql, personId: string): Promise<Row | undefined> {
    const [row] = await sql<Row>`
      SELECT a.adult, a.subject, a.checked_at AS "checkedAt", c.given_at AS "consentAt"
      FROM adult_checks a JOIN consents c ON c.person_id = a.person_id AND c.purpose = ${PURPOSE} AND c.withdrawn_at IS NULL
      WHERE a.person_id = ${personId}`;
    return row;
  }

  const stateOf = (row: Row | undefined): AdultState => (row ? (row.adult ? 'adult' : 'minor') : 'none');
  const view = (row: Row | undefined): ReplyOf<typeof getAdultCheck> => ({
    state: stateOf(row),
    checkedAt: row?.checkedAt.toISOString() ?? null,
    consentGivenAt: row?.consentAt.toISOString() ?? null,
  });

  bind(getAdultCheck, async ({ principal }) => view(await read(db.sql, principal.personId)));

  bind(checkAdult, async ({ principal, body }) => {
    const { personId } = principal;
    await attempts.take(personId);
    const verdict = await verifier.check({ name: body.name, idNumber: body.idNumber }).catch((cause: unknown) => {
      throw new AppError('provider_unavailable', { detail: 'identity', retryAfterSeconds: 5 }, cause);
    });
    if (verdict.outcome === 'refused') throw new AppError('identity_refused');
    const at = clock.now();
    const here = new Date(at.getTime() + CHINA_OFFSET_MS);
    const today = { year: here.getUTCFullYear(), month: here.getUTCMonth() + 1, day: here.getUTCDate() };
    const adult = ageAt(verdict.birth, today) >= ADULT_YEARS;
    await db.transaction(async (tx) => {
      await tx`INSERT INTO consents (id, person_id, purpose, wording_version, given_at)
        VALUES (${random.id()}, ${personId}, ${PURPOSE}, ${ADULT_CONSENT_WORDING}, ${at})
        ON CONFLICT (person_id, purpose) WHERE withdrawn_at IS NULL DO NOTHING`;
      await tx`INSERT INTO adult_checks (person_id, subject, birth_year, adult, verifier, checked_at)
        VALUES (${personId}, ${subjectOf(body.idNumber)}, ${verdict.birth.year}, ${adult}, ${verifier.name}, ${at})
        ON CONFLICT (person_id) DO UPDATE SET subject = excluded.subject, birth_year = excluded.birth_year,
          adult = excluded.adult, verifier = excluded.verifier, checked_at = excluded.checked_at`;
    });
    return view(await read(db.sql, personId));
  });

  const withdraw = (personId: string): Promise<void> =>
    db.transaction(async (tx) => {
      await tx`DELETE FROM adult_checks WHERE person_id = ${personId}`;
      await tx`UPDATE consents SET withdrawn_at = ${clock.now()}
        WHERE person_id = ${personId} AND purpose = ${PURPOSE} AND withdrawn_at IS NULL`;
    });
  bind(withdrawAdultCheck, async ({ principal }) => {
    await withdraw(principal.personId);
    return undefined;
  });

  return {
    withdraw,
    async require(sql, personId) {
      const row = await read(sql, personId);
      if (!row) throw new AppError('adult_check_needed');
      if (!row.adult) throw new AppError('adults_only');
      return row.subject;
    },
    async standing(sql, personId) {
      const row = await read(sql, personId);
      return { ...view(row), subject: row?.subject ?? null };
    },
  };
}
