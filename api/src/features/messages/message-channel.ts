/** The port to the outside: one way by which a message reaches a person. */
import type { MessageChannelName, MessageContent, MessageKind } from '@walnut-live/contracts';

export interface OutgoingMessage {
  readonly id: string;
  readonly kind: MessageKind;
  readonly roomId: string | null;
  readonly content: MessageContent;
}
/** `refused` and `bad_data` end it; `later` is tried again, not before `afterSeconds`. */
export type Delivery =
  | { readonly done: 'sent' }
  | { readonly done: 'refused' | 'bad_data'; readonly error: string }
  | { readonly done: 'later'; readonly error: string; readonly afterSeconds?: number };

export interface MessageChannel {
  readonly name: MessageChannelName;
  /** `address`: where the person is on this channel. Never throws for what the other side answers. */
  deliver(message: OutgoingMessage, address: ChannelAddress): Promise<Delivery>;
}
export interface ChannelAddress {
  readonly personId: string;
  readonly openid: string | null;
  readonly scene: number | null;
}

/** The embedded one: the row is the message. It stands in the console's outbox and under the person's messages. */
export const inboxChannel: MessageChannel = {
  name: 'inbox',
  deliver: async () => ({ done: 'sent' }),
};
