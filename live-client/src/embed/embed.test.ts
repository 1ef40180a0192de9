// @vitest-environment jsdom
import type { RoomEvent } from '@walnut-live/contracts';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { AT, joinReply, message, uuid } from '../room/fixtures.ts';
import { endAll, part, stage, startRoom, undo, until } from '../testing/embed.ts';
import { defineWalnutLiveRoom } from './element.ts';
import { type EmbedEvent, type EmbedState, mountRoom } from './index.ts';

afterEach(endAll);

async function mounted(given: Parameters<typeof startRoom>[0] = {}, more: object = {}) {
  const product = await startRoom(given);
  const picture = stage();
  const states: EmbedState[] = [];
  const events: EmbedEvent[] = [];
  const place = document.createElement('main');
  document.body.append(place);
  const room = mountRoom(place, {
    ...{
      origin: product.origin,
      roomId: uuid(1),
      lang: 'en',
      fetch: product.doFetch,
      createPlayback: picture.createPlayback,
    },
    ...{
      onState: (state: EmbedState) => states.push(state),
      onEvent: (event: EmbedEvent) => events.push(event),
      ...more,
    },
  });
  undo.push(room.close);
  const host = place.firstElementChild;
  return { ...product, picture, states, events, place, room, host };
}

describe('mountRoom', () => {
  test('enters as a guest without cookies and shows picture, viewers, talk and product; leaves nothing behind', async () => {
    const { state, room, host, place, picture, states, sockets, origin } = await mounted();
    expect(states[0]?.status).toBe('joining');
    await until(() =>
      expect(room.state).toMatchObject({ status: 'playing', title: '工厂直播', viewersNow: 3, productId: uuid(10) }),
    );
    expect(state.asked.map(({ credentials }) => credentials)).toEqual(state.asked.map(() => 'omit'));
    expect(part(host, 'title').textContent).toBe('工厂直播');
    expect(part(host, 'viewers').textContent).toBe('3 watching');
    expect([...(host?.shadowRoot?.querySelectorAll('[part~="line"]') ?? [])].map((line) => line.textContent)).toEqual([
      '观众1 消息1',
      '观众2 消息2',
    ]);
    expect(part(host, 'price').textContent).toBe('¥39.90');
    expect(part(host, 'card-offer').textContent).toMatch(/^Live price · ends in \d+:\d\d:\d\d$/);
    expect(part(host, 'card-picture').getAttribute('src')).toBe(`${origin}/pictures/walnut.svg`);
    expect(part(host, 'card-picture').getAttribute('crossorigin')).toBe('anonymous');
    // Relative addresses of the grant are the product's, not this page's.
    expect(await picture.made[0]?.grant()).toMatchObject({ socketUrl: origin, hlsUrl: `${origin}/hls/x/master.m3u8` });
    await until(() => expect(sockets()).toBe(1));
    room.close();
    room.close();
    await until(() => expect(sockets()).toBe(0));
    expect(picture.calls).toEqual(['close']);
    expect(place.childElementCount).toBe(0);
  });

  test('words of others are text; a deleted line goes, the rest stays as it is', async () => {
    const { host, say, room } = await mounted();
    await until(() => expect(room.state.status).toBe('playing'));
    const evil = '<img src=x onerror="globalThis.hacked=1"><b>hi</b>';
    await until(() => expect(part(host, 'log').childElementCount).toBe(2));
    const first = part(host, 'log').firstElementChild;
    await until(() => {
      say({ kind: 'chat:sent', message: message(7, { name: '<i>x</i>', text: evil, role: 'host' }) });
      expect(part(host, 'log').childElementCount).toBe(3);
    });
    const line = part(host, 'log').lastElementChild;
    expect(line?.textContent).toBe(`Host<i>x</i> ${evil}`);
    expect(line?.querySelector('img, b, i')).toBeNull();
    say({ kind: 'chat:deleted', messageId: 'm7' } as RoomEvent);
    await until(() => expect(part(host, 'log').childElementCount).toBe(2));
    expect(part(host, 'log').firstElementChild).toBe(first);
    expect((globalThis as { hacked?: number }).hacked).toBeUndefined();
  });

  test('buying and talking lead to the player with the share token; it is told', async () => {
    const { host, origin, events, room } = await mounted({}, { shareToken: 'tok-EN', target: '_self' });
    await until(() => expect(room.state.productId).toBe(uuid(10)));
    const buy = part(host, 'buy') as HTMLAnchorElement;
    expect(buy.href).toBe(`${origin}/s/tok-EN?product=${uuid(10)}&room=${uuid(1)}`);
    expect([buy.target, buy.rel, (part(host, 'enter') as HTMLAnchorElement).href]).toEqual([
      '_self',
      'noopener',
      `${origin}/s/tok-EN?room=${uuid(1)}`,
    ]);
    buy.addEventListener('click', (event) => event.preventDefault());
    buy.click();
    expect(events.at(-1)).toEqual({ kind: 'link:opened', url: buy.href, productId: uuid(10) });
    expect(host?.shadowRoot?.querySelector('form, input, iframe')).toBeNull();
  });

  test('sound, a tap to play, trouble and its end', async () => {
    const { host, picture, room } = await mounted();
    await until(() => expect(room.state.status).toBe('playing'));
    const sound = part(host, 'sound');
    expect([sound.hidden, sound.textContent]).toEqual([false, 'Tap for sound']);
    sound.click();
    await until(() => expect([sound.textContent, room.state.muted]).toEqual(['Mute', false]));
    sound.click();
    expect(picture.calls).toEqual(['unmute', 'mute']);
    picture.become({ status: 'blocked' });
    expect([part(host, 'retry').textContent, sound.hidden]).toEqual(['Tap to play', true]);
    part(host, 'retry').click();
    picture.become({ status: 'failed', failure: 'unreachable' });
    expect(part(host, 'status').textContent).toContain('cannot play');
    part(host, 'retry').click();
    expect(picture.calls.slice(2)).toEqual(['play', 'retry']);
    picture.become({ status: 'playing' });
    expect(part(host, 'message').hidden).toBe(true);
  });

  test('Z7: a generated picture is labelled', async () => {
    const { host, room } = await mounted({ join: { room: { ...joinReply().room, aiPicture: true } } });
    await until(() => expect(room.state.generated).toBe(true));
    expect([part(host, 'generated').hidden, part(host, 'generated').textContent]).toEqual([
      false,
      'AI-generated picture',
    ]);
  });

  test('the end is said, the picture let go, and the way to the room stays', async () => {
    const { host, room, say, picture } = await mounted();
    await until(() => expect(room.state.status).toBe('playing'));
    await until(() => {
      say({ kind: 'room:ended', at: AT });
      expect(room.state.status).toBe('ended');
    });
    expect([part(host, 'status').textContent, part(host, 'card').hidden]).toEqual(['The live has ended', true]);
    expect(picture.calls).toContain('close');
    expect(part(host, 'enter').textContent).toBe('Visit the live room');
  });

  test('a page that is not allowed says so and names itself; one that is offline does not', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    undo.push(() => warned.mockRestore());
    const refused = await mounted();
    refused.state.allows = false;
    refused.room.close();
    const again = mountRoom(refused.place, {
      ...{
        origin: refused.origin,
        roomId: uuid(1),
        lang: 'en',
        fetch: refused.doFetch,
        createPlayback: stage().createPlayback,
      },
    });
    undo.push(again.close);
    await until(() => expect(again.state.status).toBe('not-allowed'));
    expect(part(refused.place.firstElementChild, 'status').textContent).toContain(location.origin);
    expect(warned.mock.calls.flat().join(' ')).toContain('EMBED_ORIGINS');
    refused.state.up = false;
    await until(() => expect(again.state.status).toBe('offline'));
    refused.state.up = refused.state.allows = true;
    part(refused.place.firstElementChild, 'retry').click();
    await until(() => expect(again.state.status).toBe('playing'));
  });
});

describe('<walnut-live-room>', () => {
  const picture = stage();
  let product: Awaited<ReturnType<typeof startRoom>> | undefined;
  beforeAll(() =>
    defineWalnutLiveRoom({
      mount: { createPlayback: picture.createPlayback, fetch: (...given) => (product?.doFetch ?? fetch)(...given) },
    }),
  );
  const written = (origin: string, more: Record<string, string> = {}) => {
    const element = document.createElement('walnut-live-room');
    for (const [name, value] of Object.entries({ room: uuid(1), origin, lang: 'en', ...more }))
      element.setAttribute(name, value);
    const states: EmbedState[] = [];
    const events: EmbedEvent[] = [];
    element.addEventListener('walnut:state', (event) => states.push((event as CustomEvent<EmbedState>).detail));
    element.addEventListener('walnut:event', (event) => events.push((event as CustomEvent<EmbedEvent>).detail));
    document.body.append(element);
    undo.push(() => element.remove());
    return { element, states, events };
  };

  test('tells its state and the room’s events; leaves with the page and comes back with it', async () => {
    product = await startRoom();
    const { element, states, events } = written(product.origin);
    await until(() => expect(states.at(-1)?.status).toBe('playing'));
    await until(() => {
      product?.say({ kind: 'notice:set', text: 'hello' });
      expect(events).toContainEqual({ kind: 'notice:set', text: 'hello' });
    });
    element.remove();
    await until(() => expect(product?.sockets()).toBe(0));
    expect(element.shadowRoot?.childElementCount).toBe(0);
    document.body.append(element);
    await until(() => expect(product?.sockets()).toBe(1));
    expect(product.state.joins).toBe(2);
  });

  test('attributes that change together begin once more; one that does not change, not at all', async () => {
    product = await startRoom();
    const { element, states } = written(product.origin);
    await until(() => expect(states.at(-1)?.status).toBe('playing'));
    element.setAttribute('lang', 'zh-CN');
    element.setAttribute('share', 'tok');
    element.setAttribute('lang', 'zh-CN');
    await until(() => expect(part(element, 'enter').textContent).toBe('去直播间聊天、下单'));
    expect((part(element, 'enter') as HTMLAnchorElement).href).toContain('/s/tok');
    await until(() => expect(product?.state.joins).toBe(2));
    await until(() => expect([states.at(-1)?.status, product?.sockets()]).toEqual(['playing', 1]));
    expect(product.state.joins).toBe(2);
  });

  test('without a room nothing is asked; a wrong origin is told', async () => {
    product = await startRoom();
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    undo.push(() => warned.mockRestore());
    written(product.origin, { room: '' });
    const { element } = written('javascript:alert(1)');
    const told = vi.fn();
    element.addEventListener('walnut:error', told);
    element.setAttribute('origin', 'no address');
    await until(() => expect(told).toHaveBeenCalled());
    expect(product.state.asked).toEqual([]);
  });
});
