/**
 * What every room log does, whatever it is made of: the tests of the port. An implementation gives a `Harness`; `open` a
 * second time is a restart on the same storage.
 */
import { randomUUID } from 'node:crypto';
import type { RoomEvent, SequencedEvent } from '@walnut-live/contracts';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { RoomLog } from './room-log.ts';

export interface Harness {
  /** A log over this harness's storage; `historyLimit` is how many events it holds outside the journal. */
  open(options?: { historyLimit?: number }): Promise<RoomLog>;
  /** Ends the log as a killed process would: nothing is finished first. */
  kill(log: RoomLog): Promise<void>;
  close(): Promise<void>;
}

export const chat = (text: string, personId: string = randomUUID()): RoomEvent => ({
  kind: 'chat:sent',
  message: { messageId: text, personId, name: '安然', role: 'viewer', text, at: '2026-11-22T00:00:00.000Z' },
});
export const likes = (total: number): RoomEvent => ({ kind: 'likes:counted', total });
export const textOf = ({ event }: SequencedEvent): string =>
  event.kind === 'chat:sent' ? event.message.text : event.kind;

export function roomLogContract(name: string, createHarness: () => Promise<Harness>): void {
  const start = async () => {
    const harness = await createHarness();
    onTestFinished(() => harness.close());
    return harness;
  };
  const append = (log: RoomLog, room: string, count: number, from = 0) =>
    Promise.all(Array.from({ length: count }, (_, i) => log.append(room, chat(`m${from + i}`))));

  describe(`room log: ${name}`, () => {
    test('an untouched room is empty', async () => {
      const log = await (await start()).open();
      const room = randomUUID();
      expect(await log.head(room)).toBe(0);
      expect(await log.range(room, 0, 10)).toEqual([]);
      expect(await log.find(room, 'nothing')).toBeUndefined();
    });

    test('events get rising numbers in the order of their appends, and every tail sees that order', async () => {
      const log = await (await start()).open();
      const room = randomUUID();
      const seen: SequencedEvent[][] = [[], []];
      for (const list of seen) log.tail(room, (events) => list.push(...events));
      const appended = await append(log, room, 300);
      const numbers = appended.map(({ seq }) => seq);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(new Set(numbers).size).toBe(300);
      await vi.waitFor(() => expect(seen[1]).toHaveLength(300));
      expect(seen[0]).toEqual(appended);
      expect(seen[1]).toEqual(appended);
      expect(await log.head(room)).toBe(numbers.at(-1));
      expect(await log.range(room, 0, 1_000)).toEqual(appended);
    });

    test('rooms do not hear one another; a tail that was undone hears nothing', async () => {
      const log = await (await start()).open();
      const [a, b] = [randomUUID(), randomUUID()];
      const heard: string[] = [];
      const undo = log.tail(a, (events) => heard.push(...events.map(textOf)));
      await Promise.all([log.append(a, chat('for a')), log.append(b, chat('for b'))]);
      await vi.waitFor(() => expect(heard).toEqual(['for a']));
      undo();
      await log.append(a, chat('later'));
      expect(await log.range(a, 0, 10)).toHaveLength(2);
      expect(heard).toEqual(['for a']);
    });

    test('a tail that throws harms neither the writer nor the other tails', async () => {
      const log = await (await start()).open();
      const room = randomUUID();
      const heard: string[] = [];
      log.tail(room, () => {
        throw new Error('a bad listener');
      });
      log.tail(room, (events) => heard.push(...events.map(textOf)));
      await log.append(room, chat('still here'));
      await vi.waitFor(() => expect(heard).toEqual(['still here']));
    });

    test('range pages from any number, across what is in memory and what is not', async () => {
      const log = await (await start()).open({ historyLimit: 10 });
      const room = randomUUID();
      const all = (await append(log, room, 60)).map(textOf);
      const pages: string[] = [];
      for (let after = 0; ; ) {
        const page = await log.range(room, after, 7);
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(7);
        pages.push(...page.map(textOf));
        after = page.at(-1)?.seq ?? 0;
      }
      expect(pages).toEqual(all);
      expect(await log.range(room, await log.head(room), 5)).toEqual([]);
    });

    test('a range that is read while others write has no hole', async () => {
      const log = await (await start()).open({ historyLimit: 5 });
      const room = randomUUID();
      await append(log, room, 40);
      const writing = (async () => {
        for (let i = 0; i < 15; i++) await append(log, room, 4, 40 + i * 4);
      })();
      for (let i = 0; i < 15; i++) {
        const found = (await log.range(room, 0, 1_000)).map(textOf);
        expect(found).toEqual(Array.from({ length: found.length }, (_, n) => `m${n}`));
        expect(found.length).toBeGreaterThanOrEqual(40);
      }
      await writing;
    });

    test('the same eventId is the same event: at once, later, out of memory, after a restart', async () => {
      const harness = await start();
      const log = await harness.open({ historyLimit: 3 });
      const room = randomUUID();
      const heard: string[] = [];
      log.tail(room, (events) => heard.push(...events.map(textOf)));
      const [one, two] = await Promise.all([
        log.append(room, chat('first'), { eventId: 'e1' }),
        log.append(room, chat('second'), { eventId: 'e1' }),
      ]);
      expect(two).toEqual(one);
      expect(await log.append(room, chat('third'), { eventId: 'e1' })).toEqual(one);
      await append(log, room, 8);
      expect(await log.append(room, chat('fourth'), { eventId: 'e1' })).toEqual(one);
      await log.close();

      const again = await harness.open();
      again.tail(room, (events) => heard.push(...events.map(textOf)));
      expect(await again.append(room, chat('fifth'), { eventId: 'e1' })).toEqual(one);
      expect(await again.find(room, 'e1')).toEqual(one);
      expect((await again.append(randomUUID(), chat('other room'), { eventId: 'e1' })).event).toMatchObject({
        message: { text: 'other room' },
      });
      expect(await again.range(room, 0, 100)).toHaveLength(9);
      expect(heard).toEqual(['first', 'm0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7']);
    });

    test('an acknowledged event survives a kill; numbers go on behind every number that was ever shown', async () => {
      const harness = await start();
      const room = randomUUID();
      let shown = 0;
      const repeated: number[] = [];
      const acknowledged: string[] = [];
      for (let life = 0; life < 4; life++) {
        const log = await harness.open();
        const before = shown;
        log.tail(room, (events) => {
          for (const { seq } of events) {
            if (seq <= before) repeated.push(seq);
            shown = Math.max(shown, seq);
          }
        });
        expect(await log.head(room)).toBeGreaterThanOrEqual(before);
        // Few lasting events among many fleeting ones: the numbers of the latter must not come again either.
        for (let i = 0; i < 300 * life; i++) void log.append(room, likes(i)).catch(() => {});
        acknowledged.push(textOf(await log.append(room, chat(`life ${life}`))));
        await Promise.all(Array.from({ length: 100 }, (_, i) => log.append(room, likes(i))));
        await harness.kill(log);
      }
      const log = await harness.open();
      expect(await log.head(room)).toBeGreaterThanOrEqual(shown);
      const lasting = (await log.range(room, 0, 5_000)).filter(({ event }) => event.kind === 'chat:sent');
      expect(lasting.map(textOf)).toEqual(acknowledged);
      expect(repeated).toEqual([]);
    });

    test('a client that resumes by its last number gets exactly the lasting events it missed', async () => {
      const harness = await start();
      const room = randomUUID();
      const first = await harness.open();
      const [, last] = [await log3(first, room, 'before'), await first.head(room)];
      await first.close();
      const second = await harness.open();
      await log3(second, room, 'after');
      expect((await second.range(room, last, 10)).map(textOf)).toEqual(['after 0', 'after 1', 'after 2']);
    });

    test('latest gives the newest of the wanted kinds, oldest first', async () => {
      const log = await (await start()).open({ historyLimit: 2 });
      const room = randomUUID();
      for (let i = 0; i < 5; i++) {
        await log.append(room, chat(`m${i}`));
        await log.append(room, { kind: 'notice:set', text: `n${i}` });
      }
      expect((await log.latest(room, ['chat:sent'], 3)).map(textOf)).toEqual(['m2', 'm3', 'm4']);
      const both = await log.latest(room, ['chat:sent', 'notice:set'], 3);
      expect(both.map(textOf)).toEqual(['notice:set', 'm4', 'notice:set']);
    });

    test('text that a store may refuse fails nobody', async () => {
      const log = await (await start()).open();
      const room = randomUUID();
      const texts = ['half \ud83d', 'nul \0', 'plain', '核桃 🌰'];
      const appended = await Promise.all(texts.map((text) => log.append(room, chat(text))));
      expect(appended).toHaveLength(4);
      expect((await log.range(room, 0, 10)).map(textOf).slice(2)).toEqual(['plain', '核桃 🌰']);
    });

    test('close finishes what was accepted and refuses the rest', async () => {
      const harness = await start();
      const log = await harness.open();
      const room = randomUUID();
      const accepted = append(log, room, 20);
      await log.close();
      expect(await accepted).toHaveLength(20);
      await expect(log.append(room, chat('too late'))).rejects.toMatchObject({ code: 'unavailable' });
      expect(await (await harness.open()).range(room, 0, 100)).toHaveLength(20);
    });
  });

  async function log3(log: RoomLog, room: string, what: string): Promise<void> {
    for (let i = 0; i < 3; i++) await log.append(room, chat(`${what} ${i}`));
  }
}
