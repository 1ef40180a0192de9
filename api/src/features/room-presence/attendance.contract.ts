/** What every attendance does, whoever keeps it. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import type { Attendance, Attendee } from './attendance.ts';

export const LIMIT = 4;
export const LONG = { timeout: 20_000, interval: 20 };

export function makeRoom(orgPath = 'hq.east.hangzhou') {
  const roomId = randomUUID();
  let no = 0;
  const as = (personId: string, more: Partial<Attendee> = {}): Attendee => {
    no += 1;
    return { roomId, personId, orgPath, isAudience: true, enteredAtMs: 1_700_000_000_000 + no, ...more };
  };
  return { roomId, as };
}
/** What is said of a room becomes true within a moment. */
export const becomes = (say: () => unknown, value: unknown): Promise<void> =>
  vi.waitFor(() => expect(say()).toEqual(value), LONG);

export function attendanceContract(
  name: string,
  start: () => Promise<{ open: () => Promise<Attendance>; close: () => Promise<void> }>,
): void {
  describe(`attendance: ${name}`, () => {
    async function opened() {
      const keeper = await start();
      const attendance = await keeper.open();
      return {
        attendance,
        async [Symbol.asyncDispose]() {
          await attendance.close();
          await keeper.close();
        },
      };
    }

    test('a person with several sockets is one; the last one that leaves takes them along; undone twice is once', async () => {
      await using it = await opened();
      const { attendance } = it;
      const room = makeRoom();
      expect(await attendance.count(room.roomId)).toBe(0);
      const told = vi.fn();
      attendance.watch(told);
      const phone = attendance.enter(room.as('anna'), () => {});
      const tablet = attendance.enter(room.as('anna'), () => {});
      const bella = attendance.enter(room.as('bella'), () => {});
      expect(await attendance.count(room.roomId)).toBe(2);
      expect(attendance.now(room.roomId)).toBe(2);
      phone();
      phone();
      expect(await attendance.count(room.roomId)).toBe(2);
      tablet();
      expect(await attendance.count(room.roomId)).toBe(1);
      bella();
      expect(await attendance.count(room.roomId)).toBe(0);
      expect(attendance.now(room.roomId)).toBe(0);
      expect(told.mock.calls.every(([roomId]) => roomId === room.roomId)).toBe(true);
      expect(told.mock.calls.length).toBeGreaterThan(0);
    });

    test('whoever comes and goes at once was never there', async () => {
      await using it = await opened();
      const room = makeRoom();
      it.attendance.enter(room.as('anna'), () => {})();
      expect(await it.attendance.count(room.roomId)).toBe(0);
    });

    test('the crew is no audience', async () => {
      await using it = await opened();
      const room = makeRoom();
      it.attendance.enter(room.as('guide', { isAudience: false }), () => {});
      it.attendance.enter(room.as('anna'), () => {});
      expect(await it.attendance.count(room.roomId)).toBe(1);
    });

    test('a unit counts the people in all rooms of it and below, each once', async () => {
      await using it = await opened();
      const { attendance } = it;
      const [hangzhou, alsoHangzhou, suzhou] = [makeRoom(), makeRoom(), makeRoom('hq.east.suzhou')];
      attendance.enter(hangzhou.as('anna'), () => {});
      const leave = attendance.enter(alsoHangzhou.as('anna'), () => {});
      attendance.enter(alsoHangzhou.as('bella'), () => {});
      attendance.enter(suzhou.as('anna'), () => {});
      attendance.enter(suzhou.as('chris'), () => {});
      const units = () =>
        ['hq.east.hangzhou', 'hq.east.suzhou', 'hq.east', 'hq', 'hq.e'].map((path) => attendance.inUnit(path));
      await becomes(units, [2, 2, 3, 3, 0]);
      leave();
      await attendance.count(alsoHangzhou.roomId);
      await becomes(units, [2, 2, 3, 3, 0]);
    });

    test('the oldest socket of a person with too many in one room is told, the others not', async () => {
      await using it = await opened();
      const [room, other] = [makeRoom(), makeRoom()];
      const surplus: string[] = [];
      const enter = (name: string, attendee: Attendee) => {
        const leave = it.attendance.enter(attendee, () => {
          surplus.push(name);
          leave();
        });
      };
      enter('elsewhere', other.as('anna'));
      enter('somebody else', room.as('bella'));
      for (let i = 1; i <= LIMIT + 2; i++) enter(`anna ${i}`, room.as('anna'));
      await becomes(() => surplus, ['anna 1', 'anna 2']);
      expect(await it.attendance.count(room.roomId)).toBe(2);
      expect(surplus).toHaveLength(2);
    });

    test('many at once', async () => {
      await using it = await opened();
      const room = makeRoom();
      const leaves = Array.from({ length: 1_000 }, (_, i) => it.attendance.enter(room.as(`p${i % 700}`), () => {}));
      expect(await it.attendance.count(room.roomId)).toBe(700);
      for (const leave of leaves) leave();
      expect(await it.attendance.count(room.roomId)).toBe(0);
      expect(it.attendance.inUnit('hq')).toBe(0);
    });
  });
}
