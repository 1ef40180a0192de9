/** The picture of an embedded room: plays while the room is live, follows what the room shows. */
import type { Api } from '../http/create-api.ts';
import type { Playback, PlaybackOptions, PlaybackState } from '../playback/types.ts';
import type { RoomSession } from '../room/join-room.ts';
import { watchGrants } from '../room/watch-grants.ts';

export type CreatePlayback = (options: PlaybackOptions) => Playback;

export interface Picture {
  /** Null while nothing plays or is to play. */
  readonly state: PlaybackState | null;
  /** All three from a tap. */
  play: () => void;
  unmute: () => void;
  mute: () => void;
  retry: () => void;
  close: () => void;
}

export const createPicture = (given: {
  api: Api;
  session: RoomSession;
  video: HTMLVideoElement;
  createPlayback: CreatePlayback;
  onChange: () => void;
}): Picture => {
  const { api, session, video, onChange } = given;
  const isWanted = (): boolean => {
    const { loaded, stage, selfBanned, connection } = session.get();
    return loaded && stage === 'live' && !selfBanned && connection.state !== 'closed';
  };
  let playback: Playback | null = null;
  let forget: (() => void) | null = null;

  const stop = (): void => {
    forget?.();
    playback?.close();
    playback = forget = null;
  };
  const follow = (): void => {
    if (isWanted() === (playback !== null)) return;
    stop();
    if (isWanted()) {
      playback = given.createPlayback({ video, grant: watchGrants(api, session), serverNowMs: session.serverNowMs });
      forget = playback.on('state', onChange);
    }
    onChange();
  };
  const undo = [
    session.subscribe(follow),
    // The pointer has moved (a relay, a cut-in): the picture follows without leaving the room.
    session.select(
      ({ showing }) => showing,
      (showing, before) => {
        if (showing && before && showing.streamId !== before.streamId)
          playback?.switchStream(Date.parse(showing.since));
      },
      (a, b) => a?.streamId === b?.streamId,
    ),
    // By HLS those beside the host are in the picture: another one from when the first comes until the last has gone.
    session.select(
      ({ showing }) => (showing ? { streamId: showing.streamId, together: showing.cohosts.length > 0 } : null),
      (now, before) => {
        if (!now || !before || now.streamId !== before.streamId || now.together === before.together) return;
        if (playback?.state.mode === 'smooth') playback.switchStream(session.serverNowMs());
      },
      (a, b) => a?.streamId === b?.streamId && a?.together === b?.together,
    ),
  ];
  follow();

  return {
    get state() {
      return playback?.state ?? null;
    },
    play: () => void playback?.play(),
    unmute: () => void playback?.unmute(),
    mute: () => playback?.mute(),
    retry: () => playback?.retry(),
    close: () => {
      for (const end of undo) end();
      stop();
    },
  };
};
