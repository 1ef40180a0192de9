import type { Stage } from '@walnut-live/contracts';
import { initialRoomState, type RoomState } from '@walnut-live/live-client/room';
import { describe, expect, it } from 'vitest';
import { type StageView, stageView, type VideoPhase } from './stage-view.ts';

const live: RoomState = {
  ...initialRoomState('r'),
  loaded: true,
  stage: 'live',
  stream: { state: 'live', hasVideo: true, hasAudio: true },
  connection: { state: 'online' },
};

const relay = (state: 'scheduled' | 'live' | 'ended', shows: 'relay' | 'cut_in' = 'relay'): Stage => ({
  version: 1,
  shows,
  streamId: 's',
  since: '2026-11-22T12:00:00.000Z',
  relay: { title: '工厂直播', unitKind: 'hq', unitName: '总部', state },
  cutIn: null,
  cohosts: [],
});
const noPicture: RoomState['stream'] = { state: 'idle', hasVideo: false, hasAudio: false };

const cases: [StageView, string, Partial<RoomState>, VideoPhase, boolean?][] = [
  ['skeleton', 'before the join is answered', { loaded: false, connection: { state: 'joining' } }, 'idle'],
  [
    'offline',
    'when the first join fails again and again',
    { loaded: false, connection: { state: 'reconnecting', attempt: 1 } },
    'idle',
  ],
  [
    'offline',
    'when the device says so before anything came',
    { loaded: false, connection: { state: 'joining' } },
    'idle',
    false,
  ],
  [
    'playing',
    'when the api does not know of the stream (yet)',
    { stream: { state: 'idle', hasVideo: false, hasAudio: false } },
    'playing',
  ],
  ['programme-waiting', 'before the relayed programme', { stream: noPicture, showing: relay('scheduled') }, 'starting'],
  ['programme-ended', 'after it', { stream: noPicture, showing: relay('ended') }, 'idle'],
  ['playing', 'in a cut-in after it', { showing: relay('ended', 'cut_in') }, 'playing'],
  ['host-reconnecting', 'when the programme stumbles', { stream: noPicture, showing: relay('live') }, 'starting'],
  ['waiting', 'before the start', { stage: 'scheduled' }, 'idle'],
  ['starting', 'while the first picture is on its way', {}, 'starting'],
  ['playing', 'live', {}, 'playing'],
  [
    'playing',
    'live although the room socket is reconnecting',
    { connection: { state: 'reconnecting', attempt: 3 } },
    'playing',
  ],
  [
    'host-reconnecting',
    'when the host lost the network',
    { stream: { state: 'interrupted', hasVideo: false, hasAudio: false } },
    'playing',
  ],
  [
    'host-reconnecting',
    'live, but the host has not sent a picture yet',
    { stream: { state: 'idle', hasVideo: false, hasAudio: false } },
    'idle',
  ],
  ['host-reconnecting', 'when the media server says so before the room does', {}, 'interrupted'],
  ['blocked', 'when the browser waits for a tap', {}, 'blocked'],
  ['stalled', 'when packets stop', {}, 'stalled'],
  ['video-failed', 'when no way of playing works', {}, 'failed'],
  ['offline', 'when the device is offline and nothing plays', {}, 'stalled', false],
  ['ended', 'after the end', { stage: 'ended' }, 'playing'],
  [
    'ended',
    'when the server closes because of the end',
    { connection: { state: 'closed', reason: 'ended' } },
    'playing',
  ],
  ['banned', 'put out, even when it ended', { stage: 'ended', selfBanned: true }, 'playing'],
  ['banned', 'refused at the door', { loaded: false, connection: { state: 'closed', reason: 'banned' } }, 'idle'],
  [
    'not-found',
    'no such room',
    { loaded: false, connection: { state: 'closed', reason: 'failed', code: 'not_found' } },
    'idle',
  ],
  ['replaced', 'opened elsewhere', { connection: { state: 'closed', reason: 'replaced' } }, 'playing'],
];

describe('stageView', () => {
  it.each(cases)('%s: %s', (view, _, room, video, online = true) => {
    expect(stageView({ room: { ...live, ...room }, video, online })).toBe(view);
  });
});
