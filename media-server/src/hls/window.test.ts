/** On fragments made by a real ffmpeg: what matters is that we read what it writes. */
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSplitter, readFragment, readInit } from './boxes.ts';
import { masterPlaylist, mediaPlaylist, TARGET_DURATION_SECONDS } from './playlists.ts';
import { createSegmentWindow } from './window.ts';

interface Made {
  init: Buffer;
  fragments: Buffer[];
}

function split(data: Buffer, chunkBytes: number): Made {
  const made: Made = { init: Buffer.alloc(0), fragments: [] };
  const splitter = createSplitter({
    onInit: (init) => {
      made.init = init;
    },
    onFragment: (fragment) => made.fragments.push(fragment),
  });
  for (let at = 0; at < data.length; at += chunkBytes) splitter.write(data.subarray(at, at + chunkBytes));
  return made;
}

let file: Buffer;
let made: Made;

beforeAll(() => {
  file = execFileSync(
    'ffmpeg',
    [
      ...[
        '-v',
        'error',
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=320x180:rate=25',
        '-f',
        'lavfi',
        '-i',
        'sine=sample_rate=48000',
      ],
      ...['-t', '12', '-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'baseline', '-g', '25', '-c:a', 'aac'],
      ...[
        '-f',
        'mp4',
        '-movflags',
        '+empty_moov+default_base_moof+frag_keyframe',
        '-frag_duration',
        '500000',
        'pipe:1',
      ],
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  made = split(file, 1_000);
});

describe('boxes', () => {
  it('cuts the same pieces however the bytes arrive', () => {
    const whole = split(file, file.length);
    expect(split(file, 7).fragments).toEqual(whole.fragments);
    expect(made.fragments).toEqual(whole.fragments);
    expect(made.fragments.length).toBeGreaterThan(12);
  });

  it('reads codecs and size', () => {
    expect(readInit(made.init)).toMatchObject({
      codecs: ['avc1.42c00c', 'mp4a.40.2'],
      width: 320,
      height: 180,
      hasVideo: true,
    });
    expect(() => readInit(Buffer.from('not an mp4 file at all, really'))).toThrow('no moov');
  });

  it('reads times that add up', () => {
    const info = readInit(made.init);
    const fragments = made.fragments
      .map((data) => readFragment(data, info))
      .filter((fragment) => fragment.startTime !== null);
    const seconds = fragments.reduce((sum, fragment) => sum + fragment.duration, 0) / info.mainTimescale;
    expect(seconds).toBeCloseTo(12, 1);
    expect(fragments.filter((fragment) => fragment.isKey)).toHaveLength(12);
  });

  it('gives up on impossible sizes instead of buffering for ever', () => {
    const splitter = createSplitter({ onInit: () => undefined, onFragment: () => undefined });
    expect(() => splitter.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]))).toThrow('impossible');
  });
});

describe('window', () => {
  function fill(runs: number) {
    let nowMs = Date.UTC(2026, 5, 1);
    let segments = 0;
    const window = createSegmentWindow({ now: () => nowMs, firstDiscontinuity: 7 });
    window.onSegment(() => {
      segments += 1;
    });
    for (let run = 0; run < runs; run += 1) {
      window.beginRun(`run${run}`, made.init);
      for (const fragment of made.fragments) {
        window.addFragment(`run${run}`, fragment);
        nowMs += 500;
      }
      window.endRun(`run${run}`);
    }
    const playlist = mediaPlaylist({
      segments: window.listed(),
      mediaSequence: window.mediaSequence(),
      discontinuitySequence: window.discontinuitySequence(),
    });
    return { window, playlist, segments: () => segments };
  }

  it('makes one segment per second, each from a key frame, none longer than the target', () => {
    const { window, playlist, segments } = fill(1);
    expect(segments()).toBe(11); // the twelfth has no end yet
    expect(window.listed()).toHaveLength(8);
    for (const segment of window.listed()) {
      expect(segment.durationSeconds).toBeCloseTo(1, 2);
      expect(Math.round(segment.durationSeconds)).toBeLessThanOrEqual(TARGET_DURATION_SECONDS);
    }
    expect(playlist).toContain('#EXT-X-INDEPENDENT-SEGMENTS');
    expect(playlist.match(/#EXT-X-MAP/g)).toHaveLength(1);
  });

  it('marks a new run as a discontinuity and goes on counting when that slides out', () => {
    const one = fill(1).window.discontinuitySequence();
    expect(one).toBe(7);
    expect(fill(1).window.nextDiscontinuity()).toBe(8);
    const two = fill(2);
    expect(two.window.discontinuitySequence() + (two.playlist.match(/#EXT-X-DISCONTINUITY\n/g)?.length ?? 0)).toBe(
      one + 1,
    );
    const three = fill(3);
    expect(three.window.nextDiscontinuity()).toBe(one + 3);
    expect(three.window.discontinuitySequence() + (three.playlist.match(/#EXT-X-DISCONTINUITY\n/g)?.length ?? 0)).toBe(
      one + 2,
    );
  });

  it('lists only what can be fetched, keeps a little more, and forgets the rest', () => {
    const { window } = fill(3);
    for (const segment of window.listed()) {
      const [run = '', name = ''] = segment.uri.split('/');
      expect(window.file(run, name)?.length).toBeGreaterThan(1_000);
      expect(window.file(run, 'init.mp4')).toEqual(made.init);
    }
    expect(window.file('run0', '0.m4s')).toBeUndefined();
    expect(window.file('run0', 'init.mp4')).toBeUndefined();
  });

  it('describes itself for the master playlist', () => {
    const format = fill(1).window.format();
    expect(format).not.toBeNull();
    if (!format) return;
    const master = masterPlaylist({ ...format, mediaUri: 'media.m3u8?session=x' });
    expect(master).toMatch(
      /BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+,CODECS="avc1.42c00c,mp4a.40.2",RESOLUTION=320x180\nmedia/,
    );
    expect(format.peakBps).toBeGreaterThanOrEqual(format.averageBps);
  });
});
