import {
  addMaterial,
  createRoom,
  getMaterialFile,
  invite,
  joinRoom,
  listAttendance,
  listMaterials,
  listRooms,
  redeemInvitation,
  removeMaterial,
} from '@walnut-live/contracts';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { connectRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { CROWDED_TEST_MS, LONG } from '../../testing/two-nodes.ts';
import { testPdf, upload } from '../../testing/upload.ts';

vi.setConfig({ testTimeout: CROWDED_TEST_MS });

async function openConference() {
  const api = await startTestApi();
  onTestFinished(() => api[Symbol.asyncDispose]());
  const brand = await seedBrand(api);
  const as = brand.staff.operations;
  const room = await api.ok(createRoom, { as, body: { title: '经销商会', kind: 'conference' } });
  const of = { params: { id: room.id }, as };
  return { api, brand, room, of, as };
}

test('material of a conference is for who may enter it, and is downloaded as what it is', async () => {
  const { api, brand, room, of, as } = await openConference();
  const { consumers, staff, rooms } = brand;
  const { id: fileId } = await upload(api, as, 'material', testPdf(), 'application/pdf');
  const file = await api.ok(addMaterial, { ...of, body: { title: '秋季政策', fileId, url: null } });
  await api.ok(addMaterial, { ...of, body: { title: '课程', fileId: null, url: 'https://example.com/course' } });
  const both = await api.call(addMaterial, { ...of, body: { title: 'x', fileId, url: 'https://example.com' } });
  expect(both.status).toBe(400);
  const plain = { params: { id: rooms.hq.id }, body: { title: 'x', fileId, url: null }, as };
  expect((await api.call(addMaterial, plain)).problem.code).toBe('state_conflict');
  expect(
    (await api.call(addMaterial, { ...of, body: { title: 'x', fileId, url: null }, as: staff.admin })).status,
  ).toBe(404);

  const params = { id: room.id, materialId: file.id };
  const list = (who: Principal) => api.call(listMaterials, { params: { id: room.id }, as: who });
  const load = (who: Principal) => api.call(getMaterialFile, { params, as: who });
  for (const who of [consumers.anna, brand.guest, staff.channelEast, staff.a.manager]) {
    expect((await list(who)).problem.code).toBe('not_in_audience');
    expect((await load(who)).status).toBe(403);
  }
  await api.ok(invite, { ...of, body: { items: [{ kind: 'staff', personId: staff.channelEast.personId }] } });
  expect((await list(staff.channelEast)).body.items.map(({ title }) => title)).toEqual(['秋季政策', '课程']);
  const loaded = await load(staff.channelEast);
  expect(loaded.headers.get('content-type')).toBe('application/pdf');
  expect(loaded.headers.get('content-disposition')).toContain('attachment');
  expect(loaded.body).toBe(testPdf().toString());
  // Through another room that one may enter, it is not there.
  const elsewhere = { params: { id: rooms.a.id, materialId: file.id }, as: consumers.anna };
  expect((await api.call(getMaterialFile, elsewhere)).status).toBe(404);
  for (let time = 0; time < 2; time++) await api.ok(removeMaterial, { params, as });
  expect((await load(staff.channelEast)).status).toBe(404);
  const greedy = await Promise.all(Array.from({ length: 40 }, () => load(staff.channelEast)));
  expect([...new Set(greedy.map(({ status }) => status))].sort()).toEqual([404, 429]);
  expect((await load(as)).status).toBe(404); // nobody else waits for it
  const shelf = async (who: Principal) => (await api.ok(listRooms, { as: who })).items.map(({ id }) => id);
  expect(await shelf(staff.channelEast)).toContain(room.id);
  for (const who of [consumers.anna, staff.channelNorth]) expect(await shelf(who)).not.toContain(room.id);
});

test('the attendance list: who was invited, who came, for how long; two devices at once count once', async () => {
  const { api, brand, room, of } = await openConference();
  const { consumers, staff } = brand;
  const { items } = await api.ok(invite, {
    ...of,
    body: {
      items: [
        { kind: 'link', name: '张总' },
        { kind: 'link', name: '李总' },
        { kind: 'staff', personId: staff.channelEast.personId },
      ],
    },
  });
  const token = items[0]?.path?.split('#')[1] ?? '';
  await api.ok(redeemInvitation, { body: { token }, as: consumers.anna });
  const enter = async (as: Principal) => {
    const { roomToken } = await api.ok(joinRoom, { params: { id: room.id }, body: {}, as });
    const client = await connectRoom(api.url, { token: roomToken, roomId: room.id });
    onTestFinished(() => client.close());
    return client;
  };
  const read = async () => api.ok(listAttendance, of);
  const devices = [await enter(consumers.anna), await enter(consumers.anna)];
  const boss = await enter(staff.admin);
  await vi.waitFor(async () => expect((await read()).came).toBe(2), LONG);
  api.clock.advanceSeconds(600);
  devices[0]?.close();
  api.clock.advanceSeconds(300);
  devices[1]?.close();
  boss.close();
  const line = async (name: string) =>
    (await read()).items.find(({ person, invitedAs }) => person?.name === name || invitedAs === name);
  await vi.waitFor(async () => expect((await line('张总'))?.watchedSeconds).toBeGreaterThanOrEqual(900), LONG);
  const list = await read();
  expect(list).toMatchObject({ invited: 3, came: 2 });
  const anna = await line('张总');
  expect(anna?.watchedSeconds).toBeLessThan(960);
  expect(anna).toMatchObject({ person: { id: consumers.anna.personId }, invitation: 'redeemed' });
  expect(await line('李总')).toMatchObject({ person: null, invitation: 'open', firstAt: null, watchedSeconds: 0 });
  expect(await line(staff.channelEast.name)).toMatchObject({ firstAt: null, invitation: 'open' });
  expect(await line(staff.admin.name)).toMatchObject({ invitedAs: null, invitation: null });

  const csv = await api.call(listAttendance, { ...of, query: { format: 'csv' } });
  expect(String(csv.body).trim().split('\r\n')).toHaveLength(5);
  expect(String(csv.body)).toContain('张总,redeemed');
  expect((await api.call(listAttendance, { ...of, as: staff.a.manager })).status).toBe(404);
  // A plain room keeps no such list.
  expect((await api.call(listAttendance, { params: { id: brand.rooms.hq.id }, as: of.as })).status).toBe(409);
  const [kept] = await api.api.platform.db.sql<{ rows: number }>`SELECT count(*)::int AS rows FROM room_attendances`;
  expect(kept?.rows).toBe(2);
});
