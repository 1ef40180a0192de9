import type { RoomState } from '@walnut-live/live-client/room';

/** How far the picture is, as the player sees it; see `useVideo`. */
export type VideoPhase = 'idle' | 'starting' | 'playing' | 'stalled' | 'interrupted' | 'blocked' | 'failed';

/** What fills the stage. Everything but `playing` lies over the cover or the last picture. */
export type StageView =
  | 'skeleton'
  | 'waiting'
  | 'starting'
  | 'playing'
  /** Ready, but the browser waits for a tap. */
  | 'blocked'
  | 'host-reconnecting'
  /** The relayed programme has not begun, or is over; the store's guide may take over. */
  | 'programme-waiting'
  | 'programme-ended'
  | 'stalled'
  | 'video-failed'
  | 'ended'
  | 'banned'
  /** The room is not for this person. */
  | 'not-for-me'
  | 'replaced'
  | 'not-found'
  | 'offline';

type Inputs = {
  room: Pick<RoomState, 'connection' | 'loaded' | 'stage' | 'stream' | 'selfBanned' | 'showing'>;
  video: VideoPhase;
  /** `navigator.onLine`; only believed when it says false. */
  online: boolean;
};

/**
 * Which of the states of a room a viewer sees. Pure. The strongest comes first: being put out, then the end of the room,
 * then the network, then the host, then the player's own trouble.
 */
export const stageView = ({ room, video, online }: Inputs): StageView => {
  const { connection } = room;
  if (room.selfBanned || (connection.state === 'closed' && connection.reason === 'banned')) return 'banned';
  if (connection.state === 'closed' && connection.reason === 'not_in_audience') return 'not-for-me';
  if (connection.state === 'closed' && connection.reason === 'failed') return 'not-found';
  if (room.stage === 'ended' || (connection.state === 'closed' && connection.reason === 'ended')) return 'ended';
  if (connection.state === 'closed' && connection.reason === 'replaced') return 'replaced';
  if (!room.loaded) {
    const failing = connection.state === 'reconnecting' && connection.attempt > 0;
    return failing || !online ? 'offline' : 'skeleton';
  }
  if (room.stage === 'scheduled') return 'waiting';
  // A picture that runs is the best witness; only "the host is gone" is known better by the room, since HLS lags behind.
  if (video === 'playing' && room.stream.state !== 'interrupted') return 'playing';
  if (!online) return 'offline';
  if (room.showing?.shows === 'relay' && room.showing.relay?.state === 'ended') return 'programme-ended';
  if (room.showing?.shows === 'relay' && room.showing.relay?.state === 'scheduled') return 'programme-waiting';
  if (video === 'blocked') return 'blocked';
  if (room.stream.state !== 'live' || video === 'interrupted') return 'host-reconnecting';
  if (video === 'failed') return 'video-failed';
  return video === 'stalled' ? 'stalled' : 'starting';
};
