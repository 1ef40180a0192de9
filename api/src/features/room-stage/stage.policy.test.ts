import { expect, test } from 'vitest';
import {
  compositeOf,
  cutInAfter,
  mayBeInvited,
  mayRelay,
  type StageFacts,
  seatAfter,
  toStage,
} from './stage.policy.ts';

const [HQ, EAST, HANGZHOU, SHANGHAI, NORTH, BEIJING] = [
  'hq',
  'hq.east',
  'hq.east.hangzhou',
  'hq.east.shanghai',
  'hq.north',
  'hq.north.beijing',
] as const;

test.each([
  ['headquarters to everybody', HQ, [HQ], HANGZHOU, true],
  ['headquarters to a channel, its store', HQ, [EAST], HANGZHOU, true],
  ['headquarters to a channel, the channel itself', HQ, [EAST], EAST, true],
  ['headquarters to a channel, another channel’s store', HQ, [EAST], BEIJING, false],
  ['headquarters to two channels', HQ, [EAST, NORTH], BEIJING, true],
  ['headquarters to one store', HQ, [SHANGHAI], HANGZHOU, false],
  ['not open', HQ, [], HANGZHOU, false],
  ['a channel to its store', EAST, [EAST], HANGZHOU, true],
  ['a channel to another channel’s store', EAST, [HQ], BEIJING, false],
  ['a store to the store beside it', SHANGHAI, [HQ], HANGZHOU, false],
  ['a store to headquarters', HANGZHOU, [HQ], HQ, false],
  ['a unit to itself', HQ, [HQ], HQ, false],
  ['a path that only begins alike', HQ, ['hq.east.hang'], HANGZHOU, false],
] as const)('who may relay whom: %s', (_, orgPath, openTo, room, allowed) => {
  expect(mayRelay({ orgPath, openTo }, room)).toBe(allowed);
});

test.each([
  ['a colleague', HANGZHOU, { role: 'guide', orgPath: HANGZHOU }, true],
  ['a manager of the channel’s other store', HANGZHOU, { role: 'store_manager', orgPath: SHANGHAI }, true],
  ['headquarters', HANGZHOU, { role: 'hq_operations', orgPath: HQ }, true],
  ['a store, by headquarters', HQ, { role: 'guide', orgPath: BEIJING }, true],
  ['a store of another channel', HANGZHOU, { role: 'guide', orgPath: BEIJING }, false],
  ['an assistant', HANGZHOU, { role: 'assistant', orgPath: HANGZHOU }, false],
  ['a channel manager, who may not go live', HANGZHOU, { role: 'channel_manager', orgPath: EAST }, false],
  ['somebody who is no staff', HANGZHOU, undefined, false],
] as const)('who may be invited: %s', (_, room, staff, allowed) => {
  expect(mayBeInvited(room, staff)).toBe(allowed);
});

test('a cut-in begins with media and ends when its publisher was given up, not when they stumble', () => {
  const table = (['none', 'waiting', 'on'] as const).map((cutIn) =>
    (['idle', 'live', 'interrupted'] as const).map((media) => cutInAfter(cutIn, media)),
  );
  expect(table).toEqual([
    ['none', 'none', 'none'],
    ['waiting', 'on', 'waiting'],
    ['none', 'on', 'on'],
  ]);
  expect((['idle', 'live', 'interrupted'] as const).map((media) => seatAfter('on', media))).toEqual([
    'accepted',
    'on',
    'on',
  ]);
  expect(seatAfter('accepted', 'interrupted')).toBe('accepted');
});

test('what its HLS viewers see: everybody beside the host, at most four', () => {
  const own = toStage(
    { version: 1, since: new Date(0), ownStreamId: 'own', ownAi: false, programme: null, cutIn: null },
    [],
  );
  const cohost = (streamId: string, muted = false) => ({ seatId: streamId, name: '', unitName: '', streamId, muted });
  expect(compositeOf(own)).toBeNull();
  const cohosts = ['b', 'c', 'd', 'e'].map((streamId) => cohost(streamId, streamId === 'c'));
  expect(compositeOf({ ...own, cohosts })).toEqual({
    inputs: [
      { streamId: 'own', muted: false },
      { streamId: 'b', muted: false },
      { streamId: 'c', muted: true },
      { streamId: 'd', muted: false },
    ],
    orientation: 'portrait',
  });
  const relay = { title: '', unitKind: 'hq', unitName: '', state: 'live' } as const;
  expect(compositeOf({ ...own, relay, cohosts })).toBeNull();
});

test('what a room shows', () => {
  const since = new Date(0);
  const own: StageFacts = { version: 3, since, ownStreamId: 'own', ownAi: false, programme: null, cutIn: null };
  const relay: StageFacts = {
    ...own,
    programme: {
      id: 'p',
      streamId: 'hq',
      ai: false,
      title: '工厂直播',
      unitKind: 'hq',
      unitName: '总部',
      state: 'live',
    },
  };
  const cut = (state: 'waiting' | 'on'): StageFacts => ({
    ...relay,
    cutIn: { state, by: { id: 'g', name: '导购' }, since },
  });
  expect(toStage(own, [])).toMatchObject({ shows: 'own', streamId: 'own', relay: null, cutIn: null });
  expect(toStage(relay, [])).toMatchObject({ shows: 'relay', streamId: 'hq', relay: { title: '工厂直播' } });
  expect(toStage(cut('waiting'), [])).toMatchObject({ shows: 'relay', streamId: 'hq', cutIn: { state: 'waiting' } });
  expect(toStage(cut('on'), [])).toMatchObject({ shows: 'cut_in', streamId: 'own', relay: { state: 'live' } });
  // Z7 The label goes with the picture: a store's own camera beside a generated programme is none.
  const programme = relay.programme && { ...relay.programme, ai: true };
  expect(toStage({ ...relay, programme }, []).aiPicture).toBe(true);
  expect(toStage({ ...cut('on'), programme }, []).aiPicture).toBe(false);
  expect(toStage({ ...own, ownAi: true }, []).aiPicture).toBe(true);
  expect(toStage({ ...relay, ownAi: true }, []).aiPicture).toBe(false);
  // Of the programme's room a viewer learns title and sender, nothing that leads into it.
  expect(JSON.stringify(toStage(relay, []))).not.toContain('"p"');
});
