/** On fragments made by a real ffmpeg: what matters is that we read what it writes, and that it reads what we write. */
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSplitter, joinInits, readInit, readSamples } from './boxes.ts';
import { PART_TARGET_SECONDS } from './cutter.ts';
import { masterPlaylist, TARGET_DURATION_SECONDS } from './playlists.ts';
import { createSegmentWindow } from './window.ts';

interface Made {
  init: Buffer;
  fragments: Buffer[];
}

const SECONDS = 12;
const SOURCES = {
  video: '-f lavfi -i testsrc2=size=320x180:rate=25 -c:v libx264 -preset ultrafast -profile:v baseline -g 25',
  audio: '-f lavfi -i sine=sample_rate=48000 -c:a aac',
};
const OUTPUT = '-f mp4 -movflags +empty_moov+default_base_moof+frag_every_frame+frag_discont pipe:1';

const encode = (source: string): Buffer =>
  execFileSync('ffmpeg', `-v error ${source} -t ${SECONDS} ${OUTPUT}`.split(' '), { maxBuffer: 64 * 1024 * 1024 });

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
let video: Made;
let audio: Made;
let init: Buffer;

beforeAll(() => {
  file = encode(SOURCES.video);
  video = split(file, 1_000);
  audio = split(encode(SOURCES.audio), 1_000);
  init = joinInits(video.init, audio.init);
});

describe('boxes', () => {
  it('cuts the same pieces however the bytes arrive', () => {
    const whole = split(file, file.length);
    expect(split(file, 7).fragments).toEqual(whole.fragments);
    expect(video.fragments).toEqual(whole.fragments);
    expect(video.fragments.length).toBe(SECONDS * 25);
  });

  it('reads codecs and size of two tracks that became one file', () => {
    expect(readInit(init)).toMatchObject({
      codecs: ['avc1.42c00c', 'mp4a.40.2'],
      width: 320,
      height: 180,
      video: { id: 1 },
      audio: { id: 2, timescale: 48_000 },
    });
    expect(() => readInit(Buffer.from('not an mp4 file at all, really'))).toThrow('no moov');
  });

  it('reads frames with times that add up', () => {
    const track = readInit(init).video!;
    const samples = video.fragments.flatMap((data) => readSamples(data, 'video', track));
    const seconds = samples.reduce((sum, sample) => sum + sample.duration, 0) / track.timescale;
    expect(seconds).toBeCloseTo(SECONDS, 1);
    expect(samples.filter((sample) => sample.isKey)).toHaveLength(SECONDS);
  });

  it('gives up on impossible sizes instead of buffering for ever', () => {
    const splitter = createSplitter({ onInit: () => undefined, onFragment: () => undefined });
    expect(() => splitter.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]))).toThrow('impossible');
  });
});

describe('window', () => {
  function fill(runs: number) {
    let nowMs = Date.UTC(2026, 5, 1);
    const finished: Buffer[] = [];
    const window = createSegmentWindow({ now: () => nowMs, firstDiscontinuity: 7 });
    window.onSegment((segment) => finished.push(segment.data));
    for (let run = 0; run < runs; run += 1) {
      window.beginRun(`run${run}`, init);
      let sound = 0;
      video.fragments.forEach((fragment, index) => {
        const due = Math.floor(((index + 1) / video.fragments.length) * audio.fragments.length);
        for (; sound < due; sound += 1) window.addFragment(`run${run}`, 'audio', audio.fragments[sound]!);
        window.addFragment(`run${run}`, 'video', fragment);
        nowMs += 40;
      });
      window.endRun(`run${run}`);
    }
    return { window, playlist: window.playlist(), finished };
  }
  const cutsIn = (playlist: string): number => playlist.match(/#EXT-X-DISCONTINUITY\n/g)?.length ?? 0;
  const sequenceOf = (playlist: string): number =>
    Number(/#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)/.exec(playlist)?.[1] ?? Number.NaN);

  it('makes one segment per second, each from a key frame, in parts that fill most of their target', () => {
    const { playlist, finished } = fill(1);
    expect(finished).toHaveLength(SECONDS);
    const durations = [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds));
    expect(durations).toHaveLength(8);
    for (const seconds of durations) expect(seconds).toBeCloseTo(1, 2);
    for (const seconds of durations) expect(Math.round(seconds)).toBeLessThanOrEqual(TARGET_DURATION_SECONDS);
    const parts = [...playlist.matchAll(/#EXT-X-PART:DURATION=([\d.]+)/g)].map(([, seconds]) => Number(seconds));
    expect(parts.length).toBeGreaterThanOrEqual(30);
    for (const seconds of parts) expect(seconds).toBeLessThanOrEqual(PART_TARGET_SECONDS);
    for (const seconds of parts) expect(seconds).toBeGreaterThanOrEqual(PART_TARGET_SECONDS * 0.85);
    expect(playlist).toContain('#EXT-X-INDEPENDENT-SEGMENTS');
    expect(playlist.match(/#EXT-X-MAP/g)).toHaveLength(1);
    // Nobody knows of a next part when the run is over.
    expect(playlist).not.toContain('PRELOAD-HINT');
  });

  it('writes segments that decode without a complaint and keep every frame', () => {
    const { finished } = fill(1);
    const decoded = execFileSync(
      'ffmpeg',
      '-v error -xerror -i pipe:0 -map 0:v -map 0:a -f framecrc -c:v rawvideo -c:a pcm_s16le pipe:1'.split(' '),
      { input: Buffer.concat([init, ...finished]), maxBuffer: 64 * 1024 * 1024 },
    ).toString();
    const lines = decoded.split('\n').filter((line) => /^[01],/.test(line));
    expect(lines.filter((line) => line.startsWith('0,'))).toHaveLength(SECONDS * 25);
    expect(lines.filter((line) => line.startsWith('1,')).length).toBeGreaterThan((SECONDS - 0.1) * (48_000 / 1_024));
  });

  it('marks a new run as a discontinuity and goes on counting when that slides out', () => {
    const one = fill(1);
    expect(sequenceOf(one.playlist)).toBe(7);
    expect(one.window.nextDiscontinuity()).toBe(8);
    const two = fill(2);
    expect(sequenceOf(two.playlist) + cutsIn(two.playlist)).toBe(8);
    const three = fill(3);
    expect(three.window.nextDiscontinuity()).toBe(10);
    expect(sequenceOf(three.playlist) + cutsIn(three.playlist)).toBe(9);
  });

  it('lists only what can be fetched, keeps a little more, and forgets the rest', () => {
    const { window, playlist } = fill(3);
    const uris = [...playlist.matchAll(/^(?:#EXT-X-(?:PART|MAP).*URI=")?(run\d\/[^",\n]+)/gm)].map(
      ([, uri]) => uri ?? '',
    );
    expect(uris.length).toBeGreaterThan(30);
    for (const uri of uris) {
      const [run = '', name = ''] = uri.split('/');
      expect(window.file(run, name)?.length, uri).toBeGreaterThan(500);
    }
    expect(window.file('run0', 'init.mp4')).toBeUndefined();
    // The second run has slid out of the list but may still be asked for; the third is all of it.
    expect(window.file('run1', 'init.mp4')).toEqual(init);
  });

  it('publishes the parts of a run that broke off as a shorter segment', () => {
    const window = createSegmentWindow({ now: () => 0, firstDiscontinuity: 0 });
    window.beginRun('a', init);
    for (const fragment of video.fragments.slice(0, 40)) window.addFragment('a', 'video', fragment);
    const hinted = /PRELOAD-HINT:TYPE=PART,URI="a\/([^"]+)"/.exec(window.playlist())?.[1] ?? '';
    expect(window.isHinted('a', hinted)).toBe(true);
    const next = window.next();
    expect(window.reaches(next.sequence, next.part - 1)).toBe(true);
    expect(window.reaches(next.sequence, next.part)).toBe(false);
    expect(window.reaches(next.sequence, null)).toBe(false);
    window.endRun('a');
    expect(window.reaches(next.sequence, null)).toBe(true);
    expect(window.playlist().match(/#EXTINF:[\d.]+/g)).toEqual(['#EXTINF:1.00000', '#EXTINF:0.60000']);
    // What was announced came after all: the frames that were held back.
    expect(window.file('a', hinted)?.length).toBeGreaterThan(100);
  });

  it('describes itself for the master playlist', () => {
    const format = fill(1).window.format();
    expect(format).not.toBeNull();
    if (!format) return;
    const master = masterPlaylist({ ...format, mediaUri: 'media.m3u8?session=x' });
    expect(master).toMatch(
      /BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+,CODECS="avc1.42c00c,mp4a.40.2",RESOLUTION=320x180,FRAME-RATE=25.000\nmedia/,
    );
    expect(format.peakBps).toBeGreaterThanOrEqual(format.averageBps);
  });
});
