import { expect, it } from 'vitest';
import type { RecordedSegment } from './entries.ts';
import { replayMaster, replayPlaylist } from './playlists.ts';

it('lists a whole day', () => {
  const segments = Array.from(
    { length: 90_000 },
    (_, n): RecordedSegment => ({
      ...{ streamId: 'stream', run: '0123456789abcdef', n, atMs: n * 1_000 },
      ...{ durationMs: n === 45_000 ? 1_900 : 1_000, bytes: n === 60_000 ? 500_000 : 100_000 },
      ...{ codecs: ['avc1.42e01f', 'mp4a.40.2'], width: 640, height: 360 },
    }),
  );
  // Deep in the stack of a busy server there is less room for arguments than at its top.
  const deep = <T>(levels: number, job: () => T): T => (levels === 0 ? job() : deep(levels - 1, job));
  const playlist = deep(4_000, () => replayPlaylist(segments));
  expect(playlist).toContain('#EXT-X-TARGETDURATION:2\n');
  expect(playlist.match(/#EXTINF/g)).toHaveLength(90_000);
  expect(deep(4_000, () => replayMaster(segments, 'media.m3u8'))).toContain('BANDWIDTH=4000000,');
});
