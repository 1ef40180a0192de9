import { describe, expect, test } from 'vitest';
import { bagItem, message, offer, room, snapshot, uuid } from '../room/fixtures.ts';
import { initialRoomState, type RoomState, reduce } from '../room/room-state.ts';
import { originOf, pictureFrom, roomLink } from './links.ts';
import { langOf, leftText, moneyText, sayIn } from './texts.ts';
import { cardOf, isGenerated, LINES_SHOWN, linesOf, mayRetry, statusOf, statusText } from './view.ts';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const inRoom = (more: Parameters<typeof snapshot>[0] = {}): RoomState => ({
  ...reduce(initialRoomState(uuid(1)), { type: 'snapshot', snapshot: snapshot(more) }),
  room,
  connection: { state: 'online' },
});
const playing = { status: 'playing' } as const;
const status = (state: RoomState, playback: Parameters<typeof statusOf>[0]['playback'] = playing, refused = false) =>
  statusOf({ room: state, playback, refused });
const stage = (more: object) => ({
  ...{
    version: 1,
    shows: 'own' as const,
    streamId: uuid(4),
    since: '2026-11-22T11:00:00.000Z',
    relay: null,
    cutIn: null,
  },
  ...{ cohosts: [], ...more },
});

describe('what stands over the picture', () => {
  const idle = { state: 'idle', hasVideo: false, hasAudio: false } as const;
  const interrupted = { state: 'interrupted', hasVideo: false, hasAudio: false } as const;
  test.each<[string, RoomState, Parameters<typeof statusOf>[0]['playback'], string]>([
    ['nothing yet', initialRoomState(uuid(1)), null, 'joining'],
    [
      'the first join failed',
      { ...initialRoomState(uuid(1)), connection: { state: 'reconnecting', attempt: 1 } },
      null,
      'offline',
    ],
    ['all is well', inRoom(), playing, 'playing'],
    ['the picture begins', inRoom(), { status: 'connecting' }, 'connecting'],
    ['it is slow', inRoom(), { status: 'stalled' }, 'stalled'],
    ['no camera', inRoom({ stream: idle }), { status: 'idle' }, 'idle'],
    [
      'no camera of ours while a programme comes',
      inRoom({ stream: idle, stage: stage({ shows: 'relay' }) }),
      { status: 'connecting' },
      'connecting',
    ],
    ['the host is gone, the last picture runs on', inRoom({ stream: interrupted }), playing, 'interrupted'],
    ['a tap is wanted', inRoom(), { status: 'blocked' }, 'blocked'],
    ['it cannot play', inRoom(), { status: 'failed' }, 'failed'],
    ['before the live', inRoom({ state: 'scheduled' }), null, 'scheduled'],
    ['after it', inRoom({ state: 'ended' }), playing, 'ended'],
    ['put out', { ...inRoom(), selfBanned: true }, playing, 'banned'],
    [
      'not for everybody',
      { ...inRoom(), connection: { state: 'closed', reason: 'not_in_audience' } },
      null,
      'not-for-you',
    ],
    [
      'no such room',
      { ...initialRoomState(uuid(1)), connection: { state: 'closed', reason: 'failed' } },
      null,
      'not-found',
    ],
    ['two pages', { ...inRoom(), connection: { state: 'closed', reason: 'replaced' } }, null, 'replaced'],
    [
      'the socket is lost while the picture runs',
      { ...inRoom(), connection: { state: 'reconnecting', attempt: 3 } },
      playing,
      'playing',
    ],
  ])('%s', (_what, state, playback, expected) => {
    expect(status(state, playback)).toBe(expected);
  });

  test('a refused page says so, names itself and offers to try again; being let in ends it', () => {
    const outside: RoomState = { ...initialRoomState(uuid(1)), connection: { state: 'reconnecting', attempt: 2 } };
    expect(status(outside, null, true)).toBe('not-allowed');
    const site = 'https://elsewhere.example';
    for (const lang of ['zh-CN', 'en'] as const)
      expect(statusText('not-allowed', null, { say: sayIn(lang), lang, site })).toContain(site);
    expect(mayRetry('not-allowed')).toBe(true);
    expect(status(inRoom(), playing, true)).toBe('playing');
  });

  test('a scheduled room says when', () => {
    const text = statusText(
      'scheduled',
      { ...room, scheduledAt: '2026-11-23T12:00:00.000Z' },
      { say: sayIn('en'), lang: 'en', site: '' },
    );
    expect(text).toMatch(/Nov 23, 2026/);
  });
});

test('Z7: a generated picture is said as long as the room shows it', () => {
  expect(isGenerated(inRoom())).toBe(false);
  expect(isGenerated({ showing: null, room: { ...room, aiPicture: true } })).toBe(true);
  expect(isGenerated(inRoom({ stage: stage({ aiPicture: true }) }))).toBe(true);
  // What shows counts, not what the room's own picture would be.
  expect(
    isGenerated({ showing: stage({ shows: 'relay', aiPicture: false }), room: { ...room, aiPicture: true } }),
  ).toBe(false);
});

describe('the product on show', () => {
  const pinned = (more: Parameters<typeof bagItem>[1] = {}) =>
    inRoom({ bag: { roomId: uuid(1), pinnedProductId: uuid(10), items: [bagItem(0, more)] } });

  test('has its price, a countdown by the server’s clock, and ends with the offer', () => {
    const withOffer = pinned({ offers: [offer()] });
    expect(cardOf(withOffer, NOW, 'zh-CN')).toMatchObject({
      price: '¥39.90',
      live: true,
      left: '10:00',
      action: 'buy',
    });
    expect(cardOf(withOffer, NOW + 599_500, 'zh-CN')).toMatchObject({ price: '¥39.90', left: '00:01' });
    expect(cardOf(withOffer, NOW + 600_000, 'zh-CN')).toMatchObject({ price: '¥59.90', live: false, left: null });
    expect(cardOf(inRoom(), NOW, 'zh-CN')).toBeNull();
  });

  test('Z4: an earlier price is struck only with a basis or a baseline, and only when it is higher', () => {
    expect(cardOf(pinned({ offers: [offer()] }), NOW, 'en')?.struck).toBeNull();
    expect(cardOf(pinned({ offers: [offer({ baselineFen: 4_590 })] }), NOW, 'en')?.struck).toBe('¥45.90');
    expect(cardOf(pinned({ offers: [offer({ baselineFen: 3_990 })] }), NOW, 'en')?.struck).toBeNull();
  });

  test('says when it cannot be bought', () => {
    expect(cardOf(pinned({ available: { [uuid(20)]: 0 } }), NOW, 'en')?.action).toBe('soldOut');
    expect(cardOf({ ...pinned(), stage: 'scheduled' }, NOW, 'en')?.action).toBe('notYet');
    expect(cardOf({ ...pinned(), stage: 'ended' }, NOW, 'en')).toBeNull();
  });
});

test('the talk: the newest lines in words', () => {
  const chat = Array.from({ length: 100 }, (_, no) => message(no));
  const lines = linesOf({
    chat: [...chat, message(200, { text: '', sticker: 'clap' as never }), message(201, { role: 'host' })],
  });
  expect(lines).toHaveLength(LINES_SHOWN);
  expect(lines.at(-1)).toEqual({ id: 'm201', name: '观众201', role: 'host', text: '消息201' });
  expect(lines.some(({ id }) => id === 'm200')).toBe(false);
});

describe('links', () => {
  const at = { origin: 'https://live.brand.example', roomId: uuid(1) };
  test('lead to the room, to its product, and by the share link where there is one', () => {
    expect(roomLink(at)).toBe(`https://live.brand.example/r/${uuid(1)}`);
    expect(roomLink({ ...at, productId: uuid(10) })).toBe(
      `https://live.brand.example/r/${uuid(1)}?product=${uuid(10)}`,
    );
    expect(roomLink({ ...at, productId: uuid(10), shareToken: 'AbC-_1' })).toBe(
      `https://live.brand.example/s/AbC-_1?product=${uuid(10)}&room=${uuid(1)}`,
    );
    expect(roomLink({ ...at, shareToken: '../../evil?x' })).toContain('/s/..%2F..%2Fevil%3Fx?');
    expect(roomLink({ ...at, roomId: '../x' })).toBe('https://live.brand.example/r/..%2Fx');
  });
  test('an origin is one of the web; pictures come from it alone', () => {
    expect(originOf('https://live.brand.example/some/page?x')).toBe('https://live.brand.example');
    for (const wrong of ['', 'live.brand.example', 'javascript:alert(1)', 'data:text/html,x'])
      expect(() => originOf(wrong)).toThrow(TypeError);
    expect(pictureFrom(at.origin, '/pictures/a.svg')).toBe('https://live.brand.example/pictures/a.svg');
    expect(pictureFrom(at.origin, '//evil.example/a.svg')).toBeNull();
    expect(pictureFrom(at.origin, 'https://evil.example/a.svg')).toBeNull();
  });
});

test('words and figures', () => {
  expect([
    moneyText(123_450, 'zh-CN'),
    moneyText(4_900, 'en'),
    moneyText(5, 'en'),
    moneyText(100_000_000_05, 'en'),
  ]).toEqual(['¥1,234.50', '¥49', '¥0.05', '¥100,000,000.05']);
  expect([leftText(3_909_000), leftText(61_000), leftText(1), leftText(-5_000)]).toEqual([
    '1:05:09',
    '01:01',
    '00:01',
    '00:00',
  ]);
  expect([langOf('en-GB'), langOf('zh'), langOf('fr'), langOf(null)]).toEqual(['en', 'zh-CN', 'zh-CN', 'zh-CN']);
  expect(sayIn('en')('viewers', { count: '{count}' })).toBe('{count} watching');
});
