/**
 * Share links and the visits they bring.
 *
 * Model: a link is (sharer, room, product or content or group buy, channel), made once, below the link that brought its sharer; what travels is a signed token that names it. A visit by a
 * good token is one append-only touch, written in one transaction with what follows from it (owner binding, invite edge).
 * Invariants: whatever the token is, the visitor gets into the player (rule A6); a reload or a second tap within a minute is
 * the same touch (rule A7); a sharer's own click is kept as a touch and counts for nothing anywhere.
 */
import { createHmac } from 'node:crypto';
import {
  type BodyOf,
  type createShareLink,
  fenToWire,
  isWithin,
  type myShares,
  type ReplyOf,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Principal } from '../../platform/principal.ts';
import * as rows from './share-links.repository.ts';
import {
  deriveKey,
  encodeShareToken,
  issueMoment,
  readShareToken,
  type ShareTokenFacts,
} from './share-token.policy.ts';
import { isInWechat, SAME_VISIT_SECONDS } from './visit.policy.ts';

export type ShareLinkView = ReplyOf<typeof createShareLink>;
/** A visit through somebody's link, as others need it. */
export interface Touch {
  readonly id: string;
  readonly visitorId: string;
  readonly sharerId: string;
  readonly room: { readonly id: string; readonly orgUnitId: string; readonly hostId: string };
  readonly at: Date;
}
export interface Visitor {
  /** The person this browser is; made now if it is nobody yet. */
  personId(): Promise<string>;
  readonly ip: string;
  readonly userAgent: string;
}
/** What whoever hands a link on asks for beside it; see the contract of `/s/:token`. */
export interface Wanted {
  readonly group?: string | undefined;
  readonly product?: string | undefined;
  readonly room?: string | undefined;
}
/** The newest of a sharer's links are listed; the totals count all. */
const LINKS_LISTED = 50;

export type BadToken = 'malformed' | 'forged' | 'expired' | 'unknown';

export interface ShareLinksDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly secret: string;
  readonly publicUrl: string;
  /** Locks a person (and who they have become) until the transaction ends; answers who they are now. */
  readonly lockPerson: (tx: Tx, personId: string) => Promise<string>;
  readonly onTouch: (tx: Tx, touch: Touch) => Promise<void>;
  readonly onBadToken: (reason: BadToken) => void;
}

export type ShareLinksService = ReturnType<typeof createShareLinksService>;

export function createShareLinksService(deps: ShareLinksDeps) {
  const { db, clock, random } = deps;
  const tokenKey = deriveKey(deps.secret, 'share token');
  const traceKey = deriveKey(deps.secret, 'visit trace');
  /** Equal addresses can be told equal (fraud signals), the address itself cannot be told. */
  const traceOf = (value: string) => createHmac('sha256', traceKey).update(value).digest('base64url').slice(0, 22);
  const publicUrl = deps.publicUrl.replace(/\/$/, '');

  function view(link: rows.LinkRow): ShareLinkView {
    const { id, roomId, productId, contentId, groupBuyId, channel, depth, createdAt } = link;
    const issuedAt = issueMoment(createdAt, clock.now());
    const token = encodeShareToken(tokenKey, {
      linkId: id,
      sharerId: link.sharerId,
      roomId,
      productId,
      contentId,
      groupBuyId,
      channel,
      issuedAt,
    });
    const path = `/s/${token}`;
    const target = { roomId, productId, contentId, groupBuyId };
    return { id, url: `${publicUrl}${path}`, path, ...target, channel, depth, createdAt: createdAt.toISOString() };
  }

  /** Where a link is to lead. @throws AppError not_found */
  async function targetOf(wanted: BodyOf<typeof createShareLink>): Promise<rows.LinkTarget> {
    const { productId = null, contentId = null, groupBuyId = null, channel } = wanted;
    const content = contentId === null ? undefined : await rows.findContent(db.sql, contentId);
    if (contentId !== null && !content) throw new AppError('not_found');
    const ofGroup = groupBuyId === null ? undefined : await rows.roomOfGroup(db.sql, groupBuyId);
    if (groupBuyId !== null && ofGroup === undefined) throw new AppError('not_found');
    const roomId = ofGroup ?? wanted.roomId ?? content?.roomId;
    const room = roomId === undefined ? undefined : await rows.findRoom(db.sql, roomId);
    if (!room) throw new AppError('not_found');
    // Content of headquarters may lead to a store's own room; that of a store to no other's.
    if (content && room.id !== content.roomId && !isWithin(room.orgPath, content.orgPath))
      throw new AppError('not_found');
    if (productId !== null && !(await rows.isInBag(db.sql, room.id, productId))) throw new AppError('not_found');
    return { roomId: room.id, productId, contentId, groupBuyId, channel };
  }

  /** My link to this target; the same one whenever I ask. @throws AppError not_found */
  async function create(principal: Principal, wanted: BodyOf<typeof createShareLink>): Promise<ShareLinkView> {
    const { roomId, productId = null, contentId = null, groupBuyId = null, channel } = wanted;
    if (roomId && contentId === null && groupBuyId === null) {
      // Asked for again and again: one look.
      const wants = { roomId, productId, contentId, groupBuyId, channel };
      const known = await rows.findLink(db.sql, principal.personId, wants);
      if (known) return view(known);
    }
    const target = await targetOf(wanted);
    await rows.insertLink(db.sql, { id: random.id(), sharerId: principal.personId, target, at: clock.now() });
    const made = await rows.findLink(db.sql, principal.personId, target);
    if (!made) throw new AppError('internal', { detail: 'share link vanished' });
    return view(made);
  }

  async function recordTouch(facts: ShareTokenFacts, room: rows.RoomFacts, visitor: Visitor): Promise<void> {
    const visitorId = await visitor.personId();
    await db.transaction(async (tx) => {
      const personId = await deps.lockPerson(tx, visitorId);
      const at = clock.now();
      const last = await rows.lastTouchAt(tx, facts.linkId, personId);
      if (last && at.getTime() - last.getTime() < SAME_VISIT_SECONDS * 1000) return;
      const id = random.id();
      await rows.insertTouch(tx, {
        id,
        linkId: facts.linkId,
        sharerId: facts.sharerId,
        visitorId: personId,
        roomId: facts.roomId,
        productId: facts.productId,
        channel: facts.channel,
        linkIssuedAt: facts.issuedAt,
        ipHash: traceOf(`ip ${visitor.ip}`),
        agentHash: traceOf(`agent ${visitor.userAgent}`),
        inWechat: isInWechat(visitor.userAgent),
        at,
      });
      await deps.onTouch(tx, { id, visitorId: personId, sharerId: facts.sharerId, room, at });
    });
  }

  /** Where to send who followed this token. Never fails: what cannot be credited can still be watched (rule A6). */
  async function follow(token: string, visitor: Visitor | null, wanted: Wanted = {}): Promise<string> {
    const pageOf = (roomId: string, ofLink?: string) => {
      const group = wanted.group ?? ofLink;
      return group === undefined ? `/r/${roomId}` : `/g/${group}`;
    };
    const shown = wanted.product === undefined ? '' : `?product=${wanted.product}`;
    const reading = readShareToken(tokenKey, token, clock.now());
    try {
      const roomId = reading.ok ? reading.facts.roomId : reading.roomId;
      const room = roomId === null ? undefined : await rows.findRoom(db.sql, roomId);
      const known = reading.ok && room !== undefined && (await rows.isKnownLink(db.sql, reading.facts));
      if (!reading.ok || !known) {
        deps.onBadToken(reading.ok ? 'unknown' : reading.reason);
        const instead = room?.id ?? wanted.room;
        return instead === undefined ? '/' : `${pageOf(instead)}${shown}`;
      }
      const { facts } = reading;
      if (visitor) {
        await recordTouch(facts, room, visitor).catch((error: unknown) =>
          deps.log.error({ err: error, linkId: facts.linkId }, 'share link: a visit was not recorded'),
        );
      }
      // Content that was withdrawn meanwhile still leads to its room.
      const isThere = facts.contentId !== null && (await rows.findContent(db.sql, facts.contentId)) !== undefined;
      const page = isThere ? `/c/${facts.contentId}` : pageOf(room.id, facts.groupBuyId ?? undefined);
      const product = wanted.product ?? facts.productId;
      return `${page}?via=${facts.linkId}${product === null ? '' : `&product=${product}`}`;
    } catch (error) {
      deps.log.error({ err: error }, 'share link: the room could not be looked up');
      const instead = reading.ok ? reading.facts.roomId : wanted.room;
      return instead === undefined ? '/' : `${pageOf(instead)}${shown}`;
    }
  }

  /** What my links brought, with those I made while I was a guest. */
  async function mine(principal: Principal): Promise<ReplyOf<typeof myShares>> {
    const totals = await rows.shareTotals(db.sql, principal.personId);
    const links = await rows.sharedLinks(db.sql, principal.personId, LINKS_LISTED);
    return {
      visitors: Number(totals.visitors),
      newCustomers: Number(totals.newCustomers),
      orders: Number(totals.orders),
      gmvFen: fenToWire(totals.gmvFen),
      estimatedFen: fenToWire(totals.estimatedFen),
      links: links.map((row) => ({
        link: view(row),
        roomTitle: row.roomTitle,
        title: row.title,
        visitors: Number(row.visitors),
        orders: Number(row.orders),
        handedOn: Number(row.handedOn),
      })),
    };
  }

  /** A link with its address, and who its sharer is now. @throws AppError not_found */
  async function find(id: string) {
    const row = await rows.readLink(db.sql, id);
    if (!row) throw new AppError('not_found');
    return { link: view(row), personId: row.personId, orgPath: row.orgPath };
  }

  return { create, follow, mine, find };
}
