import { expect, test } from 'vitest';
import { coalesce } from './coalesce.ts';

/** A run that lasts until it is let go. */
function held() {
  const runs: { letGo: () => void; fail: (error: Error) => void }[] = [];
  const run = () =>
    new Promise<void>((resolve, reject) => {
      runs.push({ letGo: resolve, fail: reject });
    });
  return { runs, run };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('whoever asks during a run gets one more run, however many they are', async () => {
  const { runs, run } = held();
  const ask = coalesce(run);
  const asked = [ask(), ask(), ask()];
  let over = false;
  void Promise.all(asked).then(() => {
    over = true;
  });
  runs[0]?.letGo();
  await turn();
  expect(runs).toHaveLength(2);
  expect(over).toBe(false);
  runs[1]?.letGo();
  await Promise.all(asked);
  expect(runs).toHaveLength(2);
});

test('a failure is told to who asked, and the next one asks anew', async () => {
  const { runs, run } = held();
  const ask = coalesce(run);
  const first = ask();
  runs[0]?.fail(new Error('no'));
  await expect(first).rejects.toThrow('no');
  const second = ask();
  runs[1]?.letGo();
  await second;
});

test('closing waits for the run under way and lets no other begin', async () => {
  const { runs, run } = held();
  const ask = coalesce(run);
  const asked = [ask(), ask()];
  const closing = ask.close();
  runs[0]?.letGo();
  await Promise.all([...asked, closing]);
  await ask();
  expect(runs).toHaveLength(1);
});
