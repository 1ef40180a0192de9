/**
 * Messages to people.
 *
 * Model: waiting → sent | skipped | dead; a dead one may be tried again by hand. A row is made beside its cause, under a key that
 * names it, so the same thing is told once whoever finds it first. Two jobs take due rows with SKIP LOCKED. The one decides by
 * the rules (messages.policy.ts) and releases: from then on the person reads the message, and what goes by the inbox alone is
 * sent in that transaction, exactly once. The other pushes what is released and may be pushed: it claims as many as it hands
 * to the channel at once, outside of any transaction, and notes the outcome while the claim is still its own. A process that
 * dies in between makes the push happen at least once; WeChat itself delivers one message for one "yes".
 * Invariants: no rule is asked twice at once for one person where a number is counted; a store writes to its own customers
 * only, which whoever makes the rows sees to; a channel that is slow holds up pushes and nothing else.
 */
import type { MessageContent, MessageKind, MessageReason, MessageTopic, MessageWhy } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { giveRoomMessages, renewRoomMessages, withdrawRoomMessages } from './consent.ts';
import { type ChannelAddress, type Delivery, inboxChannel, type MessageChannel } from './message-channel.ts';
import { dayStart, decide, kindRules, kindsOf, retryAt } from './messages.policy.ts';
import * as rows from './messages.repository.ts';

const BATCH = 200;
/** Longer than the longest delivery: a token and a try, a new token and another, 5 s a call. */
const CLAIM_MS = 60_000;
/** Claimed together, and handed to the channel together. */
const PUSHES_AT_ONCE = 8;
/** A turn ends after so many claims, so that a process that is to stop does not wait for a whole backlog. */
const CLAIMS_A_TURN = 25;

export interface MessageDraft {
  /** Names the cause and the person: the same key is the same message. */
  readonly key: string;
  readonly personId: string;
  readonly kind: MessageKind;
  readonly why: MessageWhy;
  readonly unit: { readonly id: string; readonly path: string };
  readonly roomId: string | null;
  readonly waveActionId?: string;
  readonly content: MessageContent;
  readonly expiresAt: Date;
}

export interface MessagesDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Undefined where no account is connected: the inbox is all there is. */
  readonly wechat: MessageChannel | undefined;
}

export function createMessagesService(deps: MessagesDeps) {
  const { db, clock, random, log } = deps;

  type Push = { message: rows.DueMessage; address: ChannelAddress; claimedUntil: Date };
  type Take = { message: rows.DueMessage; fact: rows.DueFacts | undefined };
  /** Asks the rules about due rows: what is not to go out now is put off or given up, the rest is answered. */
  async function takeDue(tx: Tx, wanted: 'release' | 'push', now: Date): Promise<{ looked: number; takes: Take[] }> {
    const limit = wanted === 'push' ? PUSHES_AT_ONCE : BATCH;
    const due = await rows.lockDue(tx, { for: wanted, at: now, limit, canPush: deps.wechat !== undefined });
    if (due.length === 0) return { looked: 0, takes: [] };
    await rows.lockPeople(
      tx,
      due.filter(({ kind }) => kindRules[kind].capped).map(({ personId }) => personId),
    );
    const policy = await rows.readPolicy(tx);
    const ids = due.map(({ id }) => id);
    const facts = new Map((await rows.factsOf(tx, ids, dayStart(now))).map((fact) => [fact.id, fact]));
    const quietHours = { fromMinute: policy.quietFromMinute, untilMinute: policy.quietUntilMinute };
    /** Released in this transaction, and so in nobody's count yet. */
    const sentNow = new Map<string, number>();
    const takes: Take[] = [];
    for (const message of due) {
      const fact = facts.get(message.id);
      const { topic, counts } = kindRules[message.kind];
      const released = sentNow.get(message.personId) ?? 0;
      const decision = decide({
        now,
        kind: message.kind,
        expiresAt: message.expiresAt,
        quietHours,
        optedOut: topic !== null && (fact?.topics.includes(topic) ?? false),
        unwanted: fact?.unwanted ?? false,
        today: (fact?.today ?? 0) + released,
        perDay: policy.perDay,
      });
      if (decision.do === 'wait') await rows.putOff(tx, message.id, decision.until, null);
      else if (decision.do === 'skip')
        await rows.giveUp(tx, message.id, { state: 'skipped', reason: decision.reason, error: null });
      else {
        if (counts) sentNow.set(message.personId, released + 1);
        takes.push({ message, fact });
      }
    }
    return { looked: due.length, takes };
  }

  /** One transaction: rules, and all that needs no other party. Answers how many rows were looked at. */
  function releaseBatch(): Promise<number> {
    return db.transaction(async (tx) => {
      const now = clock.now();
      const { looked, takes } = await takeDue(tx, 'release', now);
      const mayPush = ({ message, fact }: Take) => deps.wechat && kindRules[message.kind].pushes && fact?.openid;
      const idsOf = (some: readonly Take[]) => some.map(({ message }) => message.id);
      await rows.markSent(tx, idsOf(takes.filter((take) => !mayPush(take))), inboxChannel.name, now);
      await rows.markReleased(tx, idsOf(takes.filter(mayPush)), now);
      return looked;
    });
  }

  /** As many as are pushed at once. */
  function claimPushes(): Promise<{ looked: number; pushes: Push[] }> {
    return db.transaction(async (tx) => {
      const now = clock.now();
      const claimedUntil = new Date(now.getTime() + CLAIM_MS);
      const { looked, takes } = await takeDue(tx, 'push', now);
      const pushes: Push[] = [];
      for (const { message, fact } of takes) {
        // A "yes" that was spent since the row was found: the next release sends it by the inbox.
        if (!fact?.openid) continue;
        const address = { personId: message.personId, openid: fact.openid, scene: fact.scene };
        pushes.push({ message, address, claimedUntil });
      }
      await rows.claimForPush(
        tx,
        pushes.map(({ message }) => message.id),
        claimedUntil,
      );
      return { looked, pushes };
    });
  }

  async function push(channel: MessageChannel, one: Push): Promise<void> {
    await settle(one, await channel.deliver(one.message, one.address));
  }

  async function settle({ message, claimedUntil }: Push, delivery: Delivery): Promise<void> {
    const now = clock.now();
    const { id, personId, roomId } = message;
    const dead = (reason: MessageReason, error: string) => {
      log.warn({ messageId: id, kind: message.kind, reason, error }, 'message not delivered');
      return { state: 'dead', reason, error } as const;
    };
    await db.transaction(async (tx) => {
      if (!(await rows.stillClaimed(tx, id, claimedUntil))) {
        log.warn(
          { messageId: id, outcome: delivery.done },
          'message: the claim had lapsed, outcome left to who has it',
        );
        return;
      }
      if (delivery.done === 'sent') {
        await rows.markSent(tx, [id], 'wechat', now);
        if (roomId) await rows.grantSpent(tx, { personId, roomId, as: 'sent', at: now });
        return;
      }
      if (delivery.done === 'later') {
        const next = retryAt(message.attempts + 1, now, delivery.afterSeconds);
        if (next) await rows.putOff(tx, id, next, delivery.error);
        else await rows.giveUp(tx, id, dead('gave_up', delivery.error));
        return;
      }
      await rows.giveUp(tx, id, dead(delivery.done, delivery.error));
      if (delivery.done === 'refused' && roomId)
        await rows.grantSpent(tx, { personId, roomId, as: 'refused', at: now });
    });
  }

  return {
    /** Beside its cause, in its transaction. Answers how many were new. */
    enqueue(tx: Tx, drafts: readonly MessageDraft[]): Promise<number> {
      const now = clock.now();
      return rows.insertMessages(
        tx,
        drafts.map(({ unit, waveActionId, ...draft }) => ({
          ...draft,
          id: random.id(),
          orgUnitId: unit.id,
          orgPath: unit.path,
          waveActionId: waveActionId ?? null,
          dueAt: now,
        })),
        now,
      );
    },

    /** Releases everything that is due now; answers how many rows were taken up. */
    async releaseDue(): Promise<number> {
      let total = 0;
      for (;;) {
        const looked = await releaseBatch();
        total += looked;
        if (looked < BATCH) return total;
      }
    },

    /** Pushes what is released and due, as far as one turn goes; answers how many were handed to the channel. */
    async pushDue(): Promise<number> {
      const { wechat } = deps;
      let total = 0;
      for (let claim = 0; wechat && claim < CLAIMS_A_TURN; claim++) {
        const { looked, pushes } = await claimPushes();
        total += pushes.length;
        // Whoever fails here is found again when its claim has lapsed.
        for (const one of await Promise.allSettled(pushes.map((each) => push(wechat, each))))
          if (one.status === 'rejected')
            log.error({ err: one.reason }, 'message: outcome not noted, will be tried again');
        if (looked < PUSHES_AT_ONCE) break;
      }
      return total;
    },

    /**
     * Off: what waits of the topic is skipped, and with reminders the consent to be told about booked rooms is taken back (rule
     * Z6), so that nothing more comes by a booking. On again gives it anew, if a booking has given it before.
     */
    async setTopic(personId: string, topic: MessageTopic, on: boolean): Promise<void> {
      const at = clock.now();
      await db.transaction(async (tx) => {
        if (on) {
          await tx`DELETE FROM message_opt_outs WHERE person_id = ${personId} AND topic = ${topic}`;
          if (topic === 'reminders') await renewRoomMessages(tx, random, personId, at);
          return;
        }
        await tx`INSERT INTO message_opt_outs (person_id, topic, at) VALUES (${personId}, ${topic}, ${at}) ON CONFLICT DO NOTHING`;
        await tx`UPDATE messages SET state = 'skipped', reason = 'opted_out' WHERE person_id = ${personId} AND state = 'waiting'
          AND (claimed_until IS NULL OR claimed_until <= ${at}) AND kind = ANY(${kindsOf(topic)}::text[])`;
        if (topic === 'reminders') await withdrawRoomMessages(tx, personId, at);
      });
    },

    /** Rule Z6; the person asks to be told again by it, whatever they had switched off. */
    async giveConsent(tx: Tx, personId: string): Promise<void> {
      await giveRoomMessages(tx, random, personId, clock.now());
      await tx`DELETE FROM message_opt_outs WHERE person_id = ${personId} AND topic IN ('reminders', 'changes')`;
    },
  };
}
export type MessagesService = ReturnType<typeof createMessagesService>;
