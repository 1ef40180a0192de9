import { createRoom, patchRoom, putBag, type Route, startRoom } from '@walnut-live/contracts';
import { type Api, ApiError } from '@walnut-live/live-client/http';
import { describe, expect, it } from 'vitest';
import { createGoLive } from './go-live.ts';

type Asked = { route: string; params?: unknown; body?: unknown };

/** Records calls; `fails` says which of them the server refuses. */
const server = (fails: (asked: Asked, no: number) => boolean) => {
  const asked: Asked[] = [];
  const call = async (
    route: Route,
    args: { params?: unknown; body?: { title?: string; source?: string } },
  ): Promise<unknown> => {
    asked.push({ route: route.id, ...args });
    if (fails({ route: route.id, ...args }, asked.length)) throw new ApiError({ code: 'offline', status: 0 });
    return { id: 'r1', title: args.body?.title, source: args.body?.source };
  };
  return { asked, api: { call } as unknown as Pick<Api, 'call'>, names: () => asked.map((each) => each.route) };
};

const plan = { title: '工厂直播', coverUrl: '/c.svg', productIds: ['p1'], source: 'camera' as const };

describe('createGoLive', () => {
  it('makes one room, however often starting fails', async () => {
    const starts = { left: 2 };
    const { api, asked, names } = server(({ route }) => route === startRoom.id && starts.left-- > 0);
    const { start: goLive } = createGoLive(api, null);
    await expect(goLive(plan)).rejects.toMatchObject({ code: 'offline' });
    await expect(goLive({ ...plan, productIds: ['p1', 'p2'] })).rejects.toMatchObject({ code: 'offline' });
    expect(await goLive({ ...plan, title: '新标题' })).toBe('r1');
    expect(names()).toEqual([
      createRoom.id,
      startRoom.id,
      putBag.id,
      startRoom.id,
      patchRoom.id,
      putBag.id,
      startRoom.id,
    ]);
    expect(asked[2]).toMatchObject({ params: { id: 'r1' }, body: { productIds: ['p1', 'p2'] } });
    expect(asked[4]).toMatchObject({ params: { id: 'r1' }, body: { title: '新标题' } });
  });

  it('tries to make the room again when that failed', async () => {
    const { api, names } = server((_, no) => no === 1);
    const { start: goLive } = createGoLive(api, null);
    await expect(goLive(plan)).rejects.toMatchObject({ code: 'offline' });
    expect(await goLive(plan)).toBe('r1');
    expect(names()).toEqual([createRoom.id, createRoom.id, startRoom.id]);
  });

  it('gives a planned room its bag, and its title only if it changed', async () => {
    const { api, names } = server(() => false);
    await createGoLive(api, { id: 'r1', title: plan.title }).start(plan);
    expect(names()).toEqual([putBag.id, startRoom.id]);
  });
});
