import { type MediaGrant, mediaGrant } from '@walnut-live/contracts';
import { type Api, isApiError } from '@walnut-live/live-client/http';
import { grantedEndpoint, type PublishState, type PublishStats, publishStream } from '@walnut-live/live-client/media';
import { createStore, type Store } from '@walnut-live/live-client/room';
import { calmHealth, type Health, judgeHealth } from './health.ts';

/*
 * One programme on air: the publication, its figures and what the guide switched off.
 * Owned by the live page; the camera's tracks belong to the capture and are never stopped here.
 */

const SAMPLE_EVERY_MS = 2_000;
/** A token this close to its end is not worth a try. */
const TOKEN_SLACK_MS = 10_000;

export type BroadcastState = {
  publish: PublishState;
  /** Null before the first sample and while nothing is sent. */
  stats: PublishStats | null;
  health: Health;
  muted: { audio: boolean; video: boolean };
};

export type Broadcast = Store<BroadcastState> & {
  /** The camera or microphone changed: sends the new tracks. */
  setStream: (stream: MediaStream) => void;
  setMuted: (kind: 'audio' | 'video', muted: boolean) => void;
  /** Leaves the air. Idempotent; ending the room is another matter. */
  close: () => void;
};

export type BroadcastDeps = {
  api: Api;
  roomId: string;
  grant: MediaGrant;
  stream: MediaStream;
  publish?: typeof publishStream;
  isOnline?: () => boolean;
};

const measuring: Health = { level: 'measuring', reason: 'measuring' };

const idle: BroadcastState = {
  publish: { status: 'connecting' },
  stats: null,
  health: measuring,
  muted: { audio: false, video: false },
};
/** What a screen shows while there is no programme, or not yet one. */
export const noBroadcast: Pick<Store<BroadcastState>, 'get' | 'subscribe'> = {
  get: () => idle,
  subscribe: () => () => undefined,
};

/** Refused for good: asking again with the same rights changes nothing. */
const isFinal = (error: unknown): boolean =>
  isApiError(error) && ['room_not_live', 'forbidden', 'banned', 'not_found'].includes(error.code);

export const createBroadcast = ({
  api,
  roomId,
  grant,
  stream,
  publish = publishStream,
  isOnline = () => navigator.onLine,
}: BroadcastDeps): Broadcast => {
  const store = createStore<BroadcastState>(idle);
  let first: MediaGrant | null = grant;
  let current = stream;
  let rawBefore = measuring;
  let closed = false;

  const patch = (change: Partial<BroadcastState>): void => store.set({ ...store.get(), ...change });

  const judge = (): void => {
    const { publish: state, stats, muted, health } = store.get();
    const raw = judgeHealth({ publish: state.status, stats, videoMuted: muted.video, online: isOnline() });
    patch({ health: calmHealth(health, rawBefore, raw) });
    rawBefore = raw;
  };

  const nextGrant = async (ask?: { moved: boolean }): Promise<MediaGrant> => {
    const given = first;
    first = null;
    if (given && !ask?.moved && Date.parse(given.expiresAt) - Date.now() > TOKEN_SLACK_MS) return given;
    try {
      const body = { right: 'publish', streamId: grant.streamId } as const;
      return await api.call(mediaGrant, { params: { id: roomId }, body });
    } catch (error) {
      throw Object.assign(new Error('no media token', { cause: error }), { permanent: isFinal(error) });
    }
  };

  const publication = publish({ ...grantedEndpoint(grant, nextGrant), stream });
  const undo = publication.on('state', (next) => {
    patch({ publish: next, ...(next.status === 'live' ? {} : { stats: null }) });
    judge();
  });

  const timer = setInterval(() => {
    if (store.get().publish.status !== 'live') return judge();
    publication.stats().then(
      (stats) => {
        if (closed) return;
        patch({ stats });
        judge();
      },
      () => undefined,
    );
  }, SAMPLE_EVERY_MS);

  return {
    get: store.get,
    subscribe: store.subscribe,
    select: store.select,
    setStream: (next) => {
      if (next === current) return;
      const before = new Set(current.getTracks());
      current = next;
      for (const track of next.getTracks())
        if (!before.has(track)) void publication.replaceTrack(track).catch(() => undefined);
    },
    setMuted: (kind, muted) => {
      patch({ muted: { ...store.get().muted, [kind]: muted } });
      void publication.setMuted(kind, muted).catch(() => undefined);
      judge();
    },
    close: () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      undo();
      publication.close();
    },
  };
};
