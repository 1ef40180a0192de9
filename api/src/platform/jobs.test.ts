import { expect, test, vi } from 'vitest';
import { createJobs } from './jobs.ts';
import { createLogger } from './logger.ts';

const log = createLogger('silent', 'test');

test('a job repeats, survives its failures and never overlaps itself', async () => {
  const jobs = createJobs({ log });
  let running = 0;
  let turns = 0;
  jobs.every('busy', 1, async () => {
    expect(++running).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
    if (++turns === 2) throw new Error('one bad turn');
  });
  await vi.waitFor(() => expect(turns).toBeGreaterThan(4));
  await jobs.close();
  const after = turns;
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(turns).toBe(after);
});

test('a turn under way is told that the process ends', async () => {
  const jobs = createJobs({ log });
  const ended = vi.fn();
  jobs.every('long', 3_600_000, async (ending) => {
    await new Promise((resolve) => ending.addEventListener('abort', resolve));
    ended();
  });
  void jobs.runNow('long');
  await Promise.resolve();
  await jobs.close();
  expect(ended).toHaveBeenCalledOnce();
});

test('runNow waits for its own turn and hands on its failure', async () => {
  const jobs = createJobs({ log });
  let turns = 0;
  jobs.every('slow', 3_600_000, async () => {
    if (++turns === 2) throw new Error('second');
  });
  await jobs.runNow('slow');
  expect(turns).toBe(1);
  await expect(jobs.runNow('slow')).rejects.toThrow('second');
  await expect(jobs.runNow('other')).rejects.toThrow('no job other');
  await jobs.close();
});
