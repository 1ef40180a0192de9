/** What an embedded room shows, as pure functions of what the room and the picture say. */

import type { PlaybackState } from '../playback/types.ts';
import { headlinePriceAt, pinnedItem } from '../room/bag-offers.ts';
import type { RoomState } from '../room/room-state.ts';
import { type Lang, leftText, moneyText, type Say, type TextKey } from './texts.ts';

export type EmbedStatus =
  | 'joining'
  | 'offline'
  /** The product is there, but does not let this page show its rooms. */
  | 'not-allowed'
  | 'scheduled'
  | 'connecting'
  | 'playing'
  | 'stalled'
  /** The host has no picture (yet). */
  | 'idle'
  | 'interrupted'
  /** The browser plays nothing before a tap. */
  | 'blocked'
  | 'ended'
  | 'failed'
  | 'banned'
  | 'not-for-you'
  | 'not-found'
  | 'replaced';

type Inputs = {
  room: Pick<RoomState, 'connection' | 'loaded' | 'stage' | 'stream' | 'selfBanned' | 'showing'>;
  playback: Pick<PlaybackState, 'status'> | null;
  refused: boolean;
};

/** The strongest comes first: being kept out, the end, the network, the host, then the picture's own trouble. */
export const statusOf = ({ room, playback, refused }: Inputs): EmbedStatus => {
  const { connection } = room;
  const reason = connection.state === 'closed' ? connection.reason : null;
  if (room.selfBanned || reason === 'banned') return 'banned';
  if (reason === 'not_in_audience') return 'not-for-you';
  if (reason === 'failed') return 'not-found';
  if (room.stage === 'ended' || reason === 'ended') return 'ended';
  if (reason === 'replaced') return 'replaced';
  if (!room.loaded) {
    if (refused) return 'not-allowed';
    return connection.state === 'reconnecting' && connection.attempt > 0 ? 'offline' : 'joining';
  }
  if (room.stage === 'scheduled') return 'scheduled';
  // A picture that runs is the best witness; only that the host is gone the room knows better, since HLS lags behind.
  if (playback?.status === 'playing' && room.stream.state !== 'interrupted') return 'playing';
  if (playback?.status === 'blocked') return 'blocked';
  if (playback?.status === 'failed') return 'failed';
  if (room.stream.state === 'interrupted' || playback?.status === 'interrupted') return 'interrupted';
  const ownPicture = room.showing === null || room.showing.shows === 'own';
  if (ownPicture && room.stream.state === 'idle') return 'idle';
  return playback?.status === 'stalled' ? 'stalled' : 'connecting';
};

/** Over the last picture, not over the cover. */
export const keepsPicture = (status: EmbedStatus): boolean =>
  status === 'playing' || status === 'stalled' || status === 'interrupted' || status === 'offline';

/** Trouble that a tap may end. */
export const mayRetry = (status: EmbedStatus): boolean =>
  ['failed', 'offline', 'replaced', 'not-allowed', 'not-found'].includes(status);

/** Rule Z7: said for as long as it shows, whatever else stands over the picture. */
export const isGenerated = ({ showing, room }: Pick<RoomState, 'showing' | 'room'>): boolean =>
  showing ? showing.aiPicture === true : room?.aiPicture === true;

export const statusText = (
  status: EmbedStatus,
  room: Pick<RoomState, 'room'>['room'],
  context: { say: Say; lang: Lang; site: string },
): string => {
  const { say, lang, site } = context;
  if (status === 'playing') return '';
  if (status === 'not-allowed') return say('not-allowed', { site });
  if (status === 'scheduled' && room?.scheduledAt) {
    const time = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short' });
    return say('scheduledAt', { time: time.format(new Date(room.scheduledAt)) });
  }
  return say(status satisfies TextKey);
};

export interface CardView {
  productId: string;
  title: string;
  /** Path on the product's origin. */
  picture: string;
  price: string;
  /** Rule Z4: with its basis only, as the room's state says. */
  struck: string | null;
  live: boolean;
  /** Until the offer ends, by the server's clock; null without an offer. */
  left: string | null;
  action: 'buy' | 'soldOut' | 'notYet';
}

/** The product on show; null when there is none, or it has nothing to buy. */
export const cardOf = (state: Pick<RoomState, 'bag' | 'stage'>, serverNowMs: number, lang: Lang): CardView | null => {
  const item = pinnedItem(state.bag);
  const price = item && headlinePriceAt(item, serverNowMs);
  if (!item || !price || state.stage === 'ended') return null;
  return {
    productId: item.product.id,
    title: item.product.title,
    picture: item.product.pictureUrl,
    price: moneyText(price.priceFen, lang),
    struck: price.struckFen === null ? null : moneyText(price.struckFen, lang),
    live: price.offer !== null,
    left: price.offer && leftText(Date.parse(price.offer.endsAt) - serverNowMs),
    action: price.soldOut ? 'soldOut' : state.stage === 'scheduled' ? 'notYet' : 'buy',
  };
};

/** Lines that are drawn; the room keeps more than anybody scrolls back on somebody else's page. */
export const LINES_SHOWN = 60;
export interface ChatLineView {
  id: string;
  name: string;
  role: 'host' | 'operator' | null;
  text: string;
}

/** The newest lines in words, oldest first. A sticker without words is not shown: it is a drawing of the player. */
export const linesOf = ({ chat }: Pick<RoomState, 'chat'>): ChatLineView[] =>
  chat
    .filter(({ text }) => text !== '')
    .slice(-LINES_SHOWN)
    .map(({ messageId, name, role, text }) => ({ id: messageId, name, role: role === 'viewer' ? null : role, text }));
