import {
  createShareLink,
  getContent,
  getShareChain,
  listContents,
  listCorrections,
  manageContents,
  myShares,
  publishContent,
  withdrawContent,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { makeContent } from '../../testing/sharing.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { testPicture } from '../../testing/upload.ts';
import { makeBrowser, visit } from '../../testing/visits.ts';

const mp4 = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypmp42'), Buffer.alloc(500, 3)]);

test('Z3 content is read by the word list first, is for the units below its own, plays in parts, and is gone when withdrawn', async () => {
  await using api = await startTestApi();
  const { staff, stores, rooms, consumers, products, hq } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  await sql`INSERT INTO guard_terms (id, kind, term, action, note, added_by, added_at) SELECT gen_random_uuid(), 'claim', '补脑', 'block', '', ${staff.admin.personId}, now()
    WHERE NOT EXISTS (SELECT FROM guard_terms WHERE term = '补脑')`.catch(() => undefined);
  const send = async (content: Buffer, type: string) => {
    const response = await fetch(`${api.url}/api/v1/content-files?name=clip`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await api.token(staff.a.manager)}`, 'content-type': type },
      body: new Uint8Array(content),
    });
    return { status: response.status, body: (await response.json()) as { id: string; mediaType: string } };
  };
  expect(await send(Buffer.from('<html>'), 'video/mp4')).toMatchObject({ status: 415 });
  const clip = await send(mp4, 'image/png');
  expect(clip).toMatchObject({ status: 201, body: { mediaType: 'video/mp4' } });

  const as = staff.a.manager;
  const base = { orgUnitId: stores.a.id, kind: 'video', fileId: clip.body.id, roomId: rooms.a.id } as const;
  const refused = [
    { ...base, title: '别家', roomId: rooms.b.id },
    { ...base, title: '图片', kind: 'picture' },
    { ...base, title: '没有文件', fileId: null },
    { ...base, title: '袋里没有', productId: stores.a.id },
  ] as const;
  for (const body of refused) expect((await api.call(publishContent, { as, body })).status, body.title).toBe(400);
  expect((await api.call(publishContent, { as, body: { ...base, title: '喝了补脑' } })).problem.code).toBe(
    'words_refused',
  );
  expect((await api.ok(listCorrections, { as: staff.admin })).items).toMatchObject([
    { place: 'content', term: '补脑' },
  ]);
  const video = await api.ok(publishContent, { as, body: { ...base, title: '剥核桃', productId: products.milk.id } });
  expect(video).toMatchObject({ mediaType: 'video/mp4', product: { id: products.milk.id }, room: { id: rooms.a.id } });
  const ofHq = await makeContent(api, rooms.hq, staff.operations, { unit: hq, title: '总部素材' });
  const ofB = await makeContent(api, rooms.b, staff.b.manager, { title: '别店素材' });

  const titles = async (who: typeof as | typeof consumers.anna, roomId?: string) =>
    (await api.ok(listContents, { as: who, query: roomId ? { roomId } : {} })).items
      .map(({ title }) => title)
      .toSorted();
  expect(await titles(staff.a.guide)).toEqual(['剥核桃', '总部素材']);
  expect(await titles(consumers.anna)).toEqual(['总部素材']);
  expect(await titles(consumers.anna, rooms.a.id)).toEqual(['剥核桃', '总部素材']);
  await visit(api, staff.a.guide, consumers.anna, rooms.a.id); // now a customer of store A
  expect(await titles(consumers.anna)).toEqual(['剥核桃', '总部素材']);

  // A room that is not for everybody keeps its title to itself, and nobody outside makes links to it by its content.
  await sql`UPDATE rooms SET audience = 'members' WHERE id = ${rooms.a.id}`;
  expect((await api.ok(getContent, { params: { id: video.id } })).room.title).toBe(rooms.a.orgUnit.name);
  const share = { as: consumers.bella, body: { contentId: video.id } } as const;
  expect((await api.call(createShareLink, share)).problem.code).toBe('not_in_audience');
  await sql`UPDATE rooms SET audience = 'everyone' WHERE id = ${rooms.a.id}`;
  expect((await api.ok(getContent, { params: { id: video.id } })).room.title).toBe(rooms.a.title);

  const file = (range?: string) =>
    fetch(`${api.url}${video.fileUrl}`, { headers: range === undefined ? {} : { range } });
  expect(Buffer.from(await (await file()).arrayBuffer()).equals(mp4)).toBe(true);
  for (const [range, status, size] of [
    ['bytes=0-1', 206, 2],
    ['bytes=500-', 206, 12],
    ['bytes=-4', 206, 4],
    ['bytes=9000-', 416, 0],
  ] as const) {
    const part = await file(range);
    expect(part.status, range).toBe(status);
    expect((await part.arrayBuffer()).byteLength, range).toBe(size);
  }

  // A link to it leads to its page; to another room only below its unit.
  const link = await api.ok(createShareLink, { as: staff.a.guide, body: { contentId: video.id } });
  expect(link).toMatchObject({ roomId: rooms.a.id, contentId: video.id, depth: 0 });
  expect(
    (await api.ok(createShareLink, { as: staff.a.guide, body: { contentId: ofHq.id, roomId: rooms.a.id } })).roomId,
  ).toBe(rooms.a.id);
  const elsewhere = { contentId: ofB.id, roomId: rooms.a.id };
  expect((await api.call(createShareLink, { as: staff.a.guide, body: elsewhere })).status).toBe(404);
  const browser = await makeBrowser(api);
  expect((await browser.open(link.path)).headers.get('location')).toBe(`/c/${video.id}?via=${link.id}`);

  const params = { id: video.id };
  const reason = { reason: '换新版' };
  expect((await api.call(withdrawContent, { as: staff.b.manager, params, body: reason })).status).toBe(404);
  const first = await api.ok(withdrawContent, { as, params, body: reason });
  expect(await api.ok(withdrawContent, { as, params, body: { reason: '再点一次' } })).toEqual(first);
  expect((await api.call(getContent, { params })).status).toBe(404);
  expect((await file()).status).toBe(404);
  expect((await browser.open(link.path)).headers.get('location')).toBe(`/r/${rooms.a.id}?via=${link.id}`);
  expect((await sql`SELECT FROM audit_log WHERE target = ${`content:${video.id}`}`).length).toBe(2);
  expect((await sql`SELECT FROM stored_files WHERE content = ${testPicture()}`).length).toBe(0);
});

test('A6 A7 a chain shows who handed on, masked; content counts people once and sales net of refunds', async () => {
  await using api = await startTestApi();
  const { staff, stores, rooms, consumers } = await seedBrand(api);
  const { anna, bella, chris } = consumers;
  const { id: contentId } = await makeContent(api, rooms.a, staff.a.manager);
  const share = (as: typeof anna) => api.ok(createShareLink, { as, body: { contentId } });
  const follow = async (by: typeof anna, visitor: typeof anna, times = 1) => {
    const { path } = await share(by);
    const browser = await makeBrowser(api, visitor);
    for (let time = 0; time < times; time++) {
      await browser.open(path);
      api.clock.advanceSeconds(61);
    }
  };
  // guide → anna → bella → dora, and a body that says otherwise changes nothing: there is no field for it.
  const dora = await makeConsumer(api, '朵拉');
  await follow(staff.a.guide, anna, 3);
  await follow(anna, bella);
  await follow(bella, dora);
  await share(dora);
  const guest = await makeGuest(api);
  await follow(anna, guest);
  await api.api.platform.db.sql`UPDATE people SET merged_into = ${bella.personId} WHERE id = ${guest.personId}`;
  expect((await share(chris)).depth).toBe(0);
  expect((await share(dora)).depth).toBe(3);

  const [ofGuide, ofAnna, ofBella] = [await share(staff.a.guide), await share(anna), await share(bella)];
  const chain = await api.ok(getShareChain, { as: bella, params: { id: ofBella.id } });
  expect(chain.above.map(({ name, depth }) => [name, depth])).toEqual([
    [`${staff.a.guide.name[0]}*`, 0],
    ['安*', 1],
  ]);
  expect(chain.below).toEqual([{ step: 1, links: 1, sharers: 1, visitors: 0, orders: 0 }]);
  expect(chain.hands.map(({ name }) => name)).toEqual(['朵*']);
  expect(JSON.stringify(chain)).not.toContain('安然');
  expect((await api.call(getShareChain, { as: anna, params: { id: ofBella.id } })).status).toBe(404);
  expect((await api.call(getShareChain, { as: staff.b.manager, params: { id: ofBella.id } })).status).toBe(404);
  const forManager = await api.ok(getShareChain, { as: staff.a.manager, params: { id: ofBella.id } });
  expect(forManager.above.map(({ name }) => name)).toEqual([staff.a.guide.name, '安然']);
  // Z6 a customer of another store who handed on is read by their first character.
  const { sql } = api.api.platform.db;
  const move = (to: string) =>
    sql`UPDATE owner_bindings SET store_id = ${to} WHERE customer_id = ${anna.personId} AND ended_at IS NULL`;
  await move(stores.b.id);
  const asStranger = await api.ok(getShareChain, { as: staff.a.manager, params: { id: ofBella.id } });
  expect(asStranger.above.map(({ name }) => name)).toEqual([staff.a.guide.name, '安*']);
  const below = await api.ok(getShareChain, { as: staff.a.manager, params: { id: ofGuide.id } });
  expect(below.hands.map(({ name }) => name).toSorted()).toEqual(['安*', '朵拉', '贝贝']);
  await move(stores.a.id);
  const whole = await api.ok(getShareChain, { as: staff.a.guide, params: { id: ofGuide.id } });
  expect(whole.below.map(({ step, links, visitors }) => [step, links, visitors])).toEqual([
    [1, 1, 1],
    [2, 1, 1],
    [3, 1, 0],
  ]);

  const orders = createAttributedOrders(api);
  const order = await orders.place(dora, rooms.a, [10_000]);
  await orders.pay(order);
  await orders.refund(order, [4_000]);
  await orders.place(bella, rooms.a); // never paid: no sale
  const [item] = (await api.ok(manageContents, { as: staff.a.manager })).items;
  expect(item?.figures).toEqual({ sharers: 5, links: 5, visitors: 3, newCustomers: 3, orders: 1, netFen: 6_000 });
  expect((await api.ok(manageContents, { as: staff.b.manager })).items).toEqual([]);
  const mine = await api.ok(myShares, { as: anna });
  expect(mine.links).toMatchObject([
    { title: '新核桃下树', visitors: 1, handedOn: 1, link: { id: ofAnna.id, depth: 1 } },
  ]);
});
