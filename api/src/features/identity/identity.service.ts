/**
 * Who somebody is. Consumers begin as guests; a browser is recognised by its visitor cookie, which names a person but signs
 * nobody in: alone it gives back a guest at most. Sessions of consumers and staff live on by refresh tokens; guests have
 * none, their visitor cookie is enough.
 */
import { type Audience, type GuestSession, type Me, permissionsOf, type Session } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { maskPhone } from '../../platform/masks.policy.ts';
import type { Principal } from '../../platform/principal.ts';
import { ACCESS_TOKEN_SECONDS, type Tokens } from '../../platform/tokens.ts';
import * as people from './identity.repository.ts';
import { verifyPassword } from './passwords.ts';
import type { RefreshTokens } from './refresh-tokens.ts';

export interface IdentityDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly tokens: Tokens;
  readonly refreshTokens: RefreshTokens;
  /** What other features move over when a guest proves to be somebody who is known already; in the sign-in's transaction. */
  readonly onGuestBecamePerson: (tx: Tx, guestId: string, personId: string) => Promise<void>;
  /** A consumer's account was made, in the sign-in's transaction. */
  readonly onConsumer: (tx: Tx, personId: string) => Promise<void>;
}
export interface SignedIn {
  readonly session: Session;
  /** For the refresh cookie; guests have none. */
  readonly refreshToken?: string;
}

/** Names are seen by everybody in a room, so nothing of the phone is in it. */
const newcomerName = (random: Random) => `顾客${String(random.bytes(4).readUInt32BE() % 10_000).padStart(4, '0')}`;

function meOf(person: people.PersonRow): Me {
  return {
    id: person.id,
    kind: person.kind,
    name: person.name,
    phoneMasked: person.phone && person.kind === 'consumer' ? maskPhone(person.phone) : null,
    staff: person.staff ? { ...person.staff, permissions: [...permissionsOf(person.staff.role)] } : null,
  };
}
function principalOf(person: people.PersonRow): Principal {
  const { id: personId, kind, name, staff } = person;
  if (!staff) return { personId, kind, name };
  const { role, orgUnit } = staff;
  return { personId, kind, name, staff: { role, orgUnitId: orgUnit.id, orgPath: orgUnit.path } };
}

export function createIdentityService(deps: IdentityDeps) {
  const { db, clock, random, tokens, refreshTokens } = deps;

  async function sessionOf(person: people.PersonRow): Promise<Session> {
    const accessToken = await tokens.access(principalOf(person));
    return { accessToken, expiresInSeconds: ACCESS_TOKEN_SECONDS, me: meOf(person) };
  }
  /** The person if they may act now: active, and not a guest that became somebody else. */
  async function current(id: string): Promise<people.PersonRow | undefined> {
    const person = await people.findPerson(db.sql, id);
    return person?.active && !person.mergedInto ? person : undefined;
  }
  async function newGuest(): Promise<people.PersonRow> {
    const id = random.id();
    const name = `访客${(random.bytes(2).readUInt16BE() % 10_000).toString().padStart(4, '0')}`;
    await people.insertGuest(db.sql, { id, name, at: clock.now() });
    return { id, kind: 'guest', name, phone: null, mergedInto: null, active: true, staff: null };
  }
  async function guestOfVisitor(visitorToken: string | undefined): Promise<people.PersonRow | undefined> {
    const id = visitorToken ? await tokens.verifyVisitor(visitorToken) : undefined;
    const person = id ? await current(id) : undefined;
    return person?.kind === 'guest' ? person : undefined;
  }

  return {
    /** The guest that this browser is, or a new one. */
    async guest(visitorToken: string | undefined): Promise<SignedIn> {
      return { session: await sessionOf((await guestOfVisitor(visitorToken)) ?? (await newGuest())) };
    },

    /**
     * The guest of a page of another site (`site` = its origin), which has no cookie: the one of its guest token, or a new one
     * (rule A7). Never anybody but a guest: a token of somebody who became a person, or was closed, is worth nothing.
     */
    async embeddedGuest(site: string, guestToken: string | undefined): Promise<GuestSession> {
      const id = guestToken ? await tokens.verifyEmbeddedGuest(guestToken, site) : undefined;
      const known = id ? await current(id) : undefined;
      const guest = known?.kind === 'guest' ? known : await newGuest();
      return { ...(await sessionOf(guest)), guestToken: await tokens.embeddedGuest(guest.id, site) };
    },

    /**
     * Signs a consumer in by phone. The guests this browser was (`bearer`, visitor cookie) become the consumer: a new
     * consumer takes over the guest's row, a known one has it merged into theirs.
     */
    async sandbox(
      wanted: { phone: string; name?: string | undefined },
      browser: { bearer: Principal | undefined; visitorToken: string | undefined },
    ): Promise<SignedIn> {
      const cookieGuest = await guestOfVisitor(browser.visitorToken);
      const guests = new Set(cookieGuest ? [cookieGuest.id] : []);
      if (browser.bearer?.kind === 'guest') guests.add(browser.bearer.personId);
      const { phone } = wanted;
      const { personId, refreshToken } = await db.transaction(async (tx) => {
        await people.lockSandboxAccount(tx, phone);
        const left = new Set(guests);
        let personId = await people.findBySandboxAccount(tx, phone);
        if (personId && !(await people.findPerson(tx, personId))?.active) {
          throw new AppError('forbidden', { detail: 'this account is closed' });
        }
        if (personId && wanted.name) await people.renamePerson(tx, personId, wanted.name);
        const isNew = !personId;
        const consumer = { phone, name: wanted.name ?? newcomerName(random) };
        for (const guestId of guests) {
          if (personId) break;
          left.delete(guestId);
          if (await people.promoteGuest(tx, guestId, consumer)) personId = guestId;
        }
        if (!personId) {
          personId = random.id();
          await people.insertConsumer(tx, personId, consumer, clock.now());
        }
        if (isNew) await deps.onConsumer(tx, personId);
        for (const guestId of left) {
          if (await people.mergeGuest(tx, guestId, personId)) await deps.onGuestBecamePerson(tx, guestId, personId);
        }
        return { personId, refreshToken: await refreshTokens.issue(tx, personId, 'consumer') };
      });
      const person = await current(personId);
      if (!person) throw new AppError('session_expired'); // closed in this very moment
      return { session: await sessionOf(person), refreshToken };
    },

    /** @throws AppError `wrong_credentials`, the same for an unknown name, a wrong password and a closed account. */
    async staff(username: string, password: string): Promise<SignedIn> {
      const account = await people.findAccount(db.sql, username.trim().toLowerCase());
      const matches = await verifyPassword(password, account?.hash);
      const person = matches && account ? await current(account.id) : undefined;
      if (!person?.staff) throw new AppError('wrong_credentials');
      const { orgUnit } = person.staff;
      const refreshToken = await db.transaction(async (tx) => {
        const target = `person:${person.id}`;
        await writeAudit(tx, deps, { actorId: person.id, action: 'staff:signed-in', target, orgPath: orgUnit.path });
        return refreshTokens.issue(tx, person.id, 'staff');
      });
      return { session: await sessionOf(person), refreshToken };
    },

    /** A session for a refresh token, which is rotated; undefined when it is not good any more. */
    async refresh(token: string | undefined, audience: Audience): Promise<SignedIn | undefined> {
      if (!token) return undefined;
      const rotation = await db.transaction((tx) => refreshTokens.rotate(tx, token, audience));
      if (rotation.outcome === 'refused') {
        if (rotation.reused) deps.log.warn({ audience }, 'a used refresh token came back; its session is revoked');
        return undefined;
      }
      const person = await current(rotation.personId);
      if (!person || person.kind !== audience) {
        await db.transaction((tx) => refreshTokens.revokeFamily(tx, rotation.familyId));
        return undefined;
      }
      return { session: await sessionOf(person), refreshToken: rotation.token };
    },

    async signOut(token: string | undefined, audience: Audience): Promise<void> {
      if (token) await db.transaction((tx) => refreshTokens.revokeByToken(tx, token, audience));
    },

    /** As the database knows the caller now, not as their token remembers them. */
    async me(principal: Principal): Promise<Me> {
      const person = await current(principal.personId);
      if (!person) throw new AppError('session_expired');
      return meOf(person);
    },

    /** The person a visitor token names; a merged guest counts as who they became (rule A7). */
    async visitor(visitorToken: string | undefined): Promise<string | undefined> {
      const id = visitorToken ? await tokens.verifyVisitor(visitorToken) : undefined;
      const person = id ? await people.findPerson(db.sql, id) : undefined;
      // Nobody is who was forgotten (rule Z6).
      return person?.active ? (person.mergedInto ?? person.id) : undefined;
    },
    async newVisitor(): Promise<string> {
      return (await newGuest()).id;
    },
  };
}
export type IdentityService = ReturnType<typeof createIdentityService>;
