/** Who may show, interrupt and join what, and what a room shows: pure decisions. */
import {
  type CompositeOrder,
  isWithin,
  MAX_COMPOSITE_INPUTS,
  may,
  type StaffRole,
  type Stage,
  type StageCohost,
} from '@walnut-live/contracts';

/** A programme is of a unit above the room (headquarters, a channel) and is open to the room's branch of the tree. */
export function mayRelay(programme: { orgPath: string; openTo: readonly string[] }, roomPath: string): boolean {
  if (programme.orgPath === roomPath || !isWithin(roomPath, programme.orgPath)) return false;
  return programme.openTo.some((path) => isWithin(roomPath, path));
}

const channelOf = (path: string): string | undefined => {
  const [hq, channel] = path.split('.');
  return channel === undefined ? undefined : `${hq}.${channel}`;
};

/** Beside a room's host: guides of its own unit, of those above and below it, and of its channel's other stores. */
export function mayBeInvited(roomPath: string, staff: { role: StaffRole; orgPath: string } | undefined): boolean {
  if (!staff || !may(staff.role, 'rooms:write')) return false;
  if (isWithin(roomPath, staff.orgPath) || isWithin(staff.orgPath, roomPath)) return true;
  return channelOf(roomPath) !== undefined && channelOf(roomPath) === channelOf(staff.orgPath);
}

export type MediaState = 'idle' | 'live' | 'interrupted';
export type CutIn = 'none' | 'waiting' | 'on';

/**
 * A cut-in begins with the first media and ends when the media server has given its publisher up; a short interruption is
 * neither.
 */
export function cutInAfter(cutIn: CutIn, media: MediaState): CutIn {
  if (cutIn === 'waiting' && media === 'live') return 'on';
  if (cutIn === 'on' && media === 'idle') return 'none';
  return cutIn;
}

/** The same for a co-host, who stays invited to come back. */
export function seatAfter(seat: 'accepted' | 'on', media: MediaState): 'accepted' | 'on' {
  if (media === 'live') return 'on';
  return media === 'idle' ? 'accepted' : seat;
}

export interface StageFacts {
  readonly version: number;
  readonly since: Date;
  readonly ownStreamId: string;
  /** The own picture is generated (rule Z7). */
  readonly ownAi: boolean;
  readonly programme: {
    readonly id: string;
    readonly streamId: string;
    readonly ai: boolean;
    readonly title: string;
    readonly unitKind: 'hq' | 'channel' | 'store';
    readonly unitName: string;
    readonly state: 'scheduled' | 'live' | 'ended';
  } | null;
  readonly cutIn: {
    readonly state: 'waiting' | 'on';
    readonly by: { id: string; name: string };
    readonly since: Date;
  } | null;
}

/** Which room's co-hosts stand on this stage: those of the programme come with its picture. */
export const cohostsFrom = (roomId: string, facts: StageFacts): string =>
  facts.programme && facts.cutIn?.state !== 'on' ? facts.programme.id : roomId;

export function toStage(facts: StageFacts, cohosts: readonly StageCohost[]): Stage {
  const { programme, cutIn } = facts;
  const shows = !programme ? 'own' : cutIn?.state === 'on' ? 'cut_in' : 'relay';
  return {
    version: facts.version,
    shows,
    streamId: programme && shows === 'relay' ? programme.streamId : facts.ownStreamId,
    aiPicture: programme && shows === 'relay' ? programme.ai : facts.ownAi,
    since: facts.since.toISOString(),
    relay: programme && {
      title: programme.title,
      unitKind: programme.unitKind,
      unitName: programme.unitName,
      state: programme.state,
    },
    cutIn: cutIn && { state: cutIn.state, by: cutIn.by, since: cutIn.since.toISOString() },
    cohosts: [...cohosts],
  };
}

/** The one picture that HLS viewers of this stage are shown; null: the host's own. Phones are most of them: portrait. */
export function compositeOf({ relay, streamId, cohosts }: Stage): CompositeOrder | null {
  if (relay || cohosts.length === 0) return null;
  const beside = cohosts.map((cohost) => ({ streamId: cohost.streamId, muted: cohost.muted }));
  return {
    inputs: [{ streamId, muted: false }, ...beside].slice(0, MAX_COMPOSITE_INPUTS),
    orientation: 'portrait',
  };
}
