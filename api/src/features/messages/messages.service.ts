/**
 * Messages to people.
 *
 * Model: waiting → sent | skipped | dead; a dead one may be tried again by hand. A row is made beside its cause, under a key that
 * names it, so the same thing is told once whoever finds it first. A turn of the job takes due rows with SKIP LOCKED, decides
 * by the rules (messages.policy.ts) and releases them: from then on the person reads them. What goes by the inbox alone is
 * sent in that transaction, exactly once. What is pushed is claimed for a minute, handed to the channel outside of any
 * transaction, then marked: a process that dies in between makes the push happen at least once, and WeChat itself delivers
 * one message for one "yes".
 * Invariants: no rule is asked twice at once for one person where a number is counted; a store writes to its own customers
 * only, which whoever makes the rows sees to.
 */
import type { MessageContent, MessageKind, MessageReason, MessageTopic, MessageWhy } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { type ChannelAddress, type Delivery, inboxChannel, type MessageChannel } from './message-channel.ts';
import { dayStart, decide, kindRules, kindsOf, retryAt } from './messages.policy.ts';
import * as rows from './messages.repository.ts';

const BATCH = 200;
/** Longer than the longest call of a channel. */
const CLAIM_MS = 60_000;
const PUSHES_AT_ONCE = 8;

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

  type Push = { message: rows.DueMessage; address: ChannelAddress };
  /** One transaction of the job: rules, and all that needs no other party. */
  async function releaseBatch(): Promise<{ taken: number; pushes: Push[] }> {
    return db.transaction(async (tx) => {
      const now = clock.now();
      const due = await rows.lockDue(tx, now, BATCH);
      if (due.length === 0) return { taken: 0, pushes: [] };
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
      const inbox: string[] = [];
      const pushes: Push[] = [];
      for (const message of due) {
        const fact = facts.get(message.id);
        const { topic, counts, pushes: mayPush } = kindRules[message.kind];
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
          const { personId } = message;
          if (deps.wechat && mayPush && fact?.openid)
            pushes.push({ message, address: { personId, openid: fact.openid, scene: fact.scene } });
          else inbox.push(message.id);
        }
      }
      await rows.markSent(tx, inbox, inboxChannel.name, now);
      await rows.claimForPush(
        tx,
        pushes.map(({ message }) => message.id),
        now,
        new Date(now.getTime() + CLAIM_MS),
      );
      return { taken: due.length, pushes };
    });
  }

  async function push({ message, address }: Push): Promise<void> {
    if (!deps.wechat) return;
    const delivery = await deps.wechat.deliver(message, address);
    await settle(message, delivery);
  }

  async function settle(message: rows.DueMessage, delivery: Delivery): Promise<void> {
    const now = clock.now();
    const { id, personId, roomId } = message;
    const dead = (reason: MessageReason, error: string) => {
      log.warn({ messageId: id, kind: message.kind, reason, error }, 'message not delivered');
      return { state: 'dead', reason, error } as const;
    };
    await db.transaction(async (tx) => {
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

    /** Everything that is due now; answers how many rows were taken up. */
    async sendDue(): Promise<number> {
      let total = 0;
      for (;;) {
        const { taken, pushes } = await releaseBatch();
        total += taken;
        for (let at = 0; at < pushes.length; at += PUSHES_AT_ONCE) {
          const turn = pushes.slice(at, at + PUSHES_AT_ONCE);
          // Whoever fails here is found again when its claim has lapsed.
          const done = await Promise.allSettled(turn.map(push));
          for (const one of done)
            if (one.status === 'rejected')
              log.error({ err: one.reason }, 'message: outcome not noted, will be tried again');
        }
        if (taken < BATCH) return total;
      }
    },

    /** Off: what waits of the topic is skipped, and with reminders the consent to them is taken back (rule Z6). */
    async setTopic(personId: string, topic: MessageTopic, on: boolean): Promise<void> {
      const at = clock.now();
      await db.transaction(async (tx) => {
        if (on) {
          await tx`DELETE FROM message_opt_outs WHERE person_id = ${personId} AND topic = ${topic}`;
          return;
        }
        await tx`INSERT INTO message_opt_outs (person_id, topic, at) VALUES (${personId}, ${topic}, ${at}) ON CONFLICT DO NOTHING`;
        await tx`UPDATE messages SET state = 'skipped', reason = 'opted_out' WHERE person_id = ${personId} AND state = 'waiting'
          AND (claimed_until IS NULL OR claimed_until <= ${at}) AND kind = ANY(${kindsOf(topic)}::text[])`;
        if (topic === 'reminders')
          await tx`UPDATE consents SET withdrawn_at = ${at}
            WHERE person_id = ${personId} AND purpose = ${ROOM_MESSAGES} AND withdrawn_at IS NULL`;
      });
    },

    /** Rule Z6; the person asks to be told again by it, whatever they had switched off. */
    async giveConsent(tx: Tx, personId: string): Promise<void> {
      await tx`INSERT INTO consents (id, person_id, purpose, wording_version, given_at)
        VALUES (${random.id()}, ${personId}, ${ROOM_MESSAGES}, ${ROOM_MESSAGES_WORDING}, ${clock.now()})
        ON CONFLICT (person_id, purpose) WHERE withdrawn_at IS NULL DO NOTHING`;
      await tx`DELETE FROM message_opt_outs WHERE person_id = ${personId} AND topic IN ('reminders', 'changes')`;
    },
  };
}
export type MessagesService = ReturnType<typeof createMessagesService>;

export const ROOM_MESSAGES = 'room_messages';
/** Of the sentence beside the button that books a room. */
const ROOM_MESSAGES_WORDING = 1;
