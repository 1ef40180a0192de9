/** How a room's own stream is doing, for the staff who run or oversee it. */
import { type ControlStreamDetail, type RoomSource, type RoomStream, readRoomStream } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import { requireScope } from '../../platform/principal.ts';
import { healthOf } from './health.policy.ts';
import type { MediaStreams } from './media-streams.ts';

/** A studio asks every two seconds; some of them, and a wall, may be one person's. */
const READS = { points: 240, seconds: 60 };
const KINDS = { webrtc: 'browser', whip: 'encoder', rtp: 'rtp' } as const;

type Track = NonNullable<ControlStreamDetail['publisher']>['tracks'][number];
type Shown = NonNullable<RoomStream['publisher']>;

const codecOf = (mimeType: string): string => mimeType.slice(mimeType.indexOf('/') + 1);
const trackOf = ({ mimeType, kind, paused, layers, ...track }: Track): Shown['tracks'][number] => ({
  ...{ kind, paused, layers, codec: codecOf(mimeType), bitrateBps: track.bitrateBps, lossRatio: track.lossRatio },
  ...{ roundTripMs: track.roundTripMs, jitterMs: track.jitterMs, score: track.score },
});

export function createRoomStream(deps: {
  bind: Binder;
  db: Db;
  mediaStreams: Pick<MediaStreams, 'detail'>;
  /** @throws AppError not_found */
  findRoom: (roomId: string) => Promise<{ orgPath: string; streamId: string; source: RoomSource }>;
}): void {
  const { db } = deps;
  const reads = createLimit(READS);

  async function personOf(personId: string | null): Promise<Shown['person']> {
    if (personId === null) return null;
    // By text: what the media server names need not be one of ours.
    const [person] = await db.sql<{
      id: string;
      name: string;
    }>`SELECT id, name FROM people WHERE id::text = ${personId}`;
    return person ?? null;
  }

  deps.bind(readRoomStream, async ({ principal, params }) => {
    const room = await deps.findRoom(params.id);
    requireScope(principal, 'rooms:read', room.orgPath);
    await reads.take(principal.personId);
    const detail = await deps.mediaStreams.detail(room.streamId);
    const { state, reason, since, publisher, picture, viewers } = detail;
    return {
      source: room.source,
      ...{ state, reason, since, picture, viewers },
      publisher: publisher && {
        kind: KINDS[publisher.kind],
        person: await personOf(publisher.personId),
        connected: publisher.connected,
        // The picture first, whichever was announced first.
        tracks: publisher.tracks.map(trackOf).sort((a, b) => b.kind.localeCompare(a.kind)),
      },
      health: healthOf(detail),
    };
  });
}
export { createMediaStreams, type MediaStreams, type StreamFigures } from './media-streams.ts';
