// @vitest-environment jsdom
/** A dialog keeps what was chosen and why it was refused, also when what it is about was read anew. */
import { ApiError } from '@walnut-live/live-client/http';
import { afterEach, expect, it } from 'vitest';
import { all, click, createDesk, write } from '../../testing/desk.tsx';
import { HostRules } from './host-rules.tsx';

const desk = createDesk();
afterEach(desk.leave);

it('over what a colleague set meanwhile nothing is set; the refusal, the ticks and the reason stay', async () => {
  let version = 4;
  const reads: number[] = [];
  await desk.show(<HostRules />, {
    'host-rules.get': () => {
      reads.push(version);
      return { version, identityNeeded: true, trainingNeeded: false };
    },
    'host-rules.set': () => {
      version = 5;
      throw new ApiError({ status: 409, code: 'state_conflict' });
    },
  });
  await desk.until(() => expect(all('host-rules-change').length).toBe(1));
  await click('host-rules-change');
  const trained = () => all('rule-training').find((one) => one instanceof HTMLInputElement) as HTMLInputElement;
  await desk.until(() => expect(trained()).toBeDefined());
  await click('rule-training', all('rule-training').indexOf(trained()));
  await write('reason', '年检');
  await click('reason-submit');
  await desk.until(() => expect(reads).toEqual([4, 5]));
  await desk.until(() => expect(document.querySelector('.co-form-error')).not.toBeNull());
  expect(trained().checked).toBe(true);
  expect((all('reason').find((one) => one instanceof HTMLInputElement) as HTMLInputElement).value).toBe('年检');
  expect(desk.sent().map(([, { body }]) => body)).toEqual([
    { identityNeeded: true, trainingNeeded: true, reason: '年检', seenVersion: 4 },
  ]);
});
