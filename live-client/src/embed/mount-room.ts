/**
 * A room on a page of another site: picture, talk and the product on show, in a shadow root.
 *
 * Model: the session (room/) and the playback (playback/) hold all state; `draw` writes what follows from it into elements that
 * stay the same. A guest watches, without a cookie, the same one as long as this site remembers them. Whoever wants to talk or buy goes to the player's
 * own page, where they are who they are; nothing is signed in or paid for here.
 * Invariants: after `close` no timer, socket or listener is left and the root is empty; words of others are text, never HTML.
 */
import type { RoomEvent } from '@walnut-live/contracts';
import type { ApiError } from '../http/api-error.ts';
import { createApi } from '../http/create-api.ts';
import { createGuestTokens } from '../http/guest-tokens.ts';
import { createPlayback } from '../playback/playback.ts';
import { joinRoom } from '../room/join-room.ts';
import { buildRoom, chatLine, type RoomDom } from './dom.ts';
import { originOf, pictureFrom, roomLink } from './links.ts';
import { type CreatePlayback, createPicture } from './picture.ts';
import { isReachable, mayBeRefusal } from './refusal.ts';
import { type Lang, langOf, sayIn } from './texts.ts';
import {
  cardOf,
  type EmbedStatus,
  isGenerated,
  keepsPicture,
  linesOf,
  mayRetry,
  statusOf,
  statusText,
} from './view.ts';

/** Of the countdown and of what ends without anybody saying so. */
const TICK_MS = 1_000;
/** Narrower pictures than this (width / height) are held upright. */
const PORTRAIT_RATIO = 0.78;
/** Reading along: closer to the end of the talk than this, in CSS pixels. */
const AT_END_PX = 40;
/** Joins in a row that got nothing while the product answered everybody: one may be lost on its way. */
const REFUSED_AFTER = 2;
/** More often than a token is about to end. */
const RENEW_EVERY_MS = 20_000;

export interface EmbedState {
  readonly status: EmbedStatus;
  readonly roomId: string;
  readonly title: string;
  readonly viewersNow: number;
  readonly muted: boolean;
  /** Rule Z7: the picture is a generated one, and said to be. */
  readonly generated: boolean;
  /** On show, or null. */
  readonly productId: string | null;
}
/** What happens in the room, as its contract says, and that somebody went on to the player. */
export type EmbedEvent =
  | RoomEvent
  | { readonly kind: 'link:opened'; readonly url: string; readonly productId: string | null };

export interface MountRoomOptions {
  /** Of the product, https://live.brand.example. */
  origin: string;
  roomId: string;
  /** `zh-CN` or `en`; the page's own language if none is given. */
  lang?: string | undefined;
  /** What stands behind `/s/` in a share link of this room: visits that begin here are its sharer's. */
  shareToken?: string | undefined;
  /** Where the player opens. Default `_blank`. */
  target?: '_blank' | '_self' | undefined;
  /**
   * Where this site remembers its guest, so that one person is one visitor: in the `browser` (default), or in the `page` alone,
   * which keeps nothing and takes away what was kept.
   */
  remember?: 'browser' | 'page' | undefined;
  onState?: ((state: EmbedState) => void) | undefined;
  onEvent?: ((event: EmbedEvent) => void) | undefined;
  /** For tests. */
  fetch?: typeof fetch | undefined;
  createPlayback?: CreatePlayback | undefined;
}
export interface MountedRoom {
  readonly state: EmbedState;
  /** Leaves the room and takes everything away; idempotent. */
  close: () => void;
}

const setText = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text;
};
const setSource = (image: HTMLImageElement, address: string | null): void => {
  if ((image.getAttribute('src') ?? null) === address) return;
  if (address === null) image.removeAttribute('src');
  else image.setAttribute('src', address);
};

/** Shows the room in a shadow root that is ours. @throws TypeError when `origin` is no web address or `roomId` is empty */
export const mountInto = (root: ShadowRoot, options: MountRoomOptions): MountedRoom => {
  const origin = originOf(options.origin);
  const { roomId, shareToken } = options;
  if (roomId === '') throw new TypeError('no room');
  const lang: Lang = langOf(options.lang || document.documentElement.lang || navigator.language);
  const say = sayIn(lang);
  const doFetch = options.fetch ?? ((...given: Parameters<typeof fetch>) => fetch(...given));
  const guests = createGuestTokens({ product: origin, lasts: options.remember });
  const api = createApi({ baseUrl: origin, audience: 'consumer', credentials: 'omit', guests, fetch: doFetch });
  const session = joinRoom({ api, roomId });
  const dom = buildRoom(root);
  let closed = false;
  let refused = false;
  let unheard = 0;
  let judged: ApiError | undefined;
  let told: EmbedState | null = null;
  let drawnChat: unknown = null;
  const drawnLines = new Map<string, HTMLLIElement>();

  dom.room.lang = lang;
  setText(dom.live, say('live'));
  setText(dom.generated, say('generated'));
  setText(dom.nobody, say('noChat'));
  dom.log.setAttribute('aria-label', say('chat'));
  dom.talk.setAttribute('aria-label', say('chat'));

  // ── what follows from the state ─────────────────────────────────────────────────────────────────────────────────────

  const judge = (keptOut: boolean): void => {
    unheard = keptOut ? unheard + 1 : 0;
    const before = refused;
    refused = unheard >= REFUSED_AFTER;
    if (refused && !before)
      console.warn(
        `walnut-live: ${location.origin} is not among the EMBED_ORIGINS of ${origin} (docs/34-embedding.md)`,
      );
    if (refused !== before) draw();
  };
  /** Judges each failed join of a page that has never been let in, once. */
  const askWhetherRefused = (): void => {
    const { join, connection } = session.get();
    if (join !== null) {
      refused = false;
      unheard = 0;
    }
    if (join !== null || connection.state !== 'reconnecting') return;
    const { error } = connection;
    if (!error || error === judged) return;
    judged = error;
    if (!mayBeRefusal(error)) judge(false);
    else
      void isReachable(origin, doFetch).then((reachable) => {
        if (!closed && judged === error && session.get().join === null) judge(reachable);
      });
  };

  const drawChat = (): void => {
    const state = session.get();
    if (state.chat === drawnChat) return;
    drawnChat = state.chat;
    const { log } = dom;
    const follows = log.scrollHeight - log.scrollTop - log.clientHeight < AT_END_PX;
    const lines = linesOf(state);
    const wanted = new Set(lines.map(({ id }) => id));
    for (const [id, line] of drawnLines) {
      if (wanted.has(id)) continue;
      line.remove();
      drawnLines.delete(id);
    }
    for (const line of lines) {
      if (drawnLines.has(line.id)) continue;
      const drawn = chatLine({ ...line, roleText: line.role && say(line.role) });
      drawnLines.set(line.id, drawn);
      log.append(drawn);
    }
    dom.nobody.hidden = lines.length > 0;
    if (follows) log.scrollTop = log.scrollHeight;
  };

  const drawCard = (): string | null => {
    const view = cardOf(session.get(), session.serverNowMs(), lang);
    dom.card.hidden = view === null;
    if (!view) return null;
    setSource(dom.cardPicture, pictureFrom(origin, view.picture));
    setText(dom.cardTitle, view.title);
    setText(
      dom.cardOffer,
      view.live && view.left !== null
        ? `${say('livePrice')} · ${say('endsIn', { time: view.left })}`
        : view.live
          ? say('livePrice')
          : say('pinned'),
    );
    setText(dom.price, view.price);
    setText(dom.struck, view.struck ?? '');
    setText(dom.was, view.struck === null ? '' : say('was', { price: view.struck }));
    dom.card.dataset.productId = view.productId;
    // What cannot be bought can still be looked at: the link stays, and says so.
    setText(dom.buy, say(view.action));
    dom.buy.toggleAttribute('data-off', view.action !== 'buy');
    dom.buy.href = roomLink({ origin, roomId, shareToken, productId: view.productId });
    return view.productId;
  };

  const drawStage = (status: EmbedStatus): void => {
    const { room, viewersNow, loaded } = session.get();
    const playback = picture?.state ?? null;
    const plays = playback !== null && dom.video.readyState >= 2 && keepsPicture(status);
    dom.stage.toggleAttribute('data-picture', plays);
    dom.stage.dataset.status = status;
    const cover = room ? pictureFrom(origin, room.coverUrl) : null;
    dom.cover.hidden = cover === null;
    setSource(dom.cover, cover);
    dom.video.setAttribute('aria-label', say('video', { host: room?.host.name ?? '' }));
    dom.video.toggleAttribute('disablepictureinpicture', isGenerated(session.get()));
    dom.live.hidden = !loaded || session.get().stage !== 'live';
    dom.viewers.hidden = dom.live.hidden;
    setText(dom.viewers, say('viewers', { count: new Intl.NumberFormat(lang).format(viewersNow) }));
    dom.generated.hidden = !isGenerated(session.get()) || status === 'ended';
    dom.message.hidden = status === 'playing';
    setText(dom.status, statusText(status, room, { say, lang, site: location.origin }));
    const blocked = status === 'blocked';
    dom.retry.hidden = !blocked && !mayRetry(status);
    dom.status.hidden = blocked;
    setText(dom.retry, say(blocked ? 'play' : 'retry'));
    const muted = playback?.muted ?? true;
    dom.sound.hidden = status !== 'playing';
    setText(dom.sound, say(muted ? 'sound' : 'mute'));
  };

  const draw = (): void => {
    if (closed) return;
    askWhetherRefused();
    const state = session.get();
    const { room } = state;
    const playback = picture?.state ?? null;
    const status = statusOf({ room: state, playback, refused });
    dom.room.setAttribute('aria-label', say('room', { title: room?.title ?? '' }));
    setText(dom.title, room?.title ?? '');
    setText(dom.store, room ? `${room.orgUnit.name} · ${room.host.name}` : '');
    drawStage(status);
    const productId = drawCard();
    drawChat();
    dom.talk.hidden = !state.loaded || status === 'ended';
    const inside = !['joining', 'not-allowed', 'not-found', 'banned', 'not-for-you'].includes(status);
    // Whoever is not let in sees why, and nothing empty beside it.
    dom.room.toggleAttribute('data-outside', !inside);
    dom.enter.hidden = !inside;
    setText(dom.enter, say(status === 'ended' || status === 'scheduled' ? 'visit' : 'talk'));
    dom.enter.href = roomLink({ origin, roomId, shareToken });
    const next: EmbedState = {
      ...{ status, roomId, productId, viewersNow: state.viewersNow, title: room?.title ?? '' },
      ...{ muted: playback?.muted ?? true, generated: isGenerated(state) },
    };
    if (JSON.stringify(next) === JSON.stringify(told)) return;
    told = next;
    options.onState?.(next);
  };

  // ── what a person does ──────────────────────────────────────────────────────────────────────────────────────────────

  const target = options.target ?? '_blank';
  for (const link of [dom.buy, dom.enter]) {
    link.target = target;
    link.rel = 'noopener';
    link.addEventListener('click', () => {
      const productId = link === dom.buy ? (dom.card.dataset.productId ?? null) : null;
      options.onEvent?.({ kind: 'link:opened', url: link.href, productId });
    });
  }
  dom.sound.addEventListener('click', () => (picture?.state?.muted === false ? picture.mute() : picture?.unmute()));
  dom.retry.addEventListener('click', () => {
    if (told?.status === 'blocked') picture?.play();
    else if (told?.status === 'failed') picture?.retry();
    else session.reconnect();
  });
  const measure = (): void => {
    const { videoWidth, videoHeight } = dom.video;
    if (videoHeight > 0) dom.stage.toggleAttribute('data-landscape', videoWidth / videoHeight > PORTRAIT_RATIO);
    draw();
  };
  for (const name of ['resize', 'loadedmetadata', 'loadeddata'] as const) dom.video.addEventListener(name, measure);

  let picture: ReturnType<typeof createPicture> | null = null;
  const undo = [session.subscribe(draw), session.onEvent((event) => options.onEvent?.(event))];
  picture = createPicture({
    ...{ api, session, video: dom.video, onChange: draw },
    createPlayback: options.createPlayback ?? createPlayback,
  });
  const timer = setInterval(draw, TICK_MS);
  // Whoever only watches asks nothing of api: without this every viewer would have to sign in first when a server restarts.
  const renewal = setInterval(() => {
    const { join, connection } = session.get();
    if (join !== null && connection.state !== 'closed') void api.ensureSession().catch(() => undefined);
  }, RENEW_EVERY_MS);
  draw();

  return {
    get state() {
      return told as EmbedState; // the first draw has told it
    },
    close: () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      clearInterval(renewal);
      for (const end of undo) end();
      picture?.close();
      session.close();
      root.replaceChildren();
      root.adoptedStyleSheets = [];
    },
  };
};

/**
 * Shows a room inside `element`, which keeps what it has already. The same as `<walnut-live-room>`, for pages that would rather
 * call than write. @throws TypeError when `origin` is no web address or `roomId` is empty
 */
export const mountRoom = (element: HTMLElement, options: MountRoomOptions): MountedRoom => {
  const host = document.createElement('div');
  host.className = 'walnut-live-room';
  const mounted = mountInto(host.attachShadow({ mode: 'open' }), options);
  element.append(host);
  return {
    get state() {
      return mounted.state;
    },
    close: () => {
      mounted.close();
      host.remove();
    },
  };
};

export type { RoomDom };
