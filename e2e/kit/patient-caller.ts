/** A caller that a machine under pressure does not upset: told that it or a provider is away, it asks again under the same key, as clients do. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '../../api/src/testing/test-api.ts';

const ASKED_AGAIN = 20;
const FIRST_PAUSE_MS = 250;

const AWAY = [502, 503, 504];

/** Runs it until the answer is another than 502, 503 or 504; after 20 times that one is the answer. */
export async function patiently<T extends { readonly status: number }>(ask: () => Promise<T>): Promise<T> {
  for (let tried = 0; ; tried++) {
    const answer = await ask();
    if (!AWAY.includes(answer.status) || tried === ASKED_AGAIN) return answer;
    await sleep(FIRST_PAUSE_MS * 2 ** Math.min(tried, 4));
  }
}

export function patient({ call }: Caller): Caller {
  const again: Caller['call'] = (route, options = {}) => {
    const key = options.key ?? randomUUID();
    return patiently(() => call(route, { ...options, key }));
  };
  return {
    call: again,
    async ok(route, options) {
      const { status, body } = await again(route, options);
      if (status >= 400) throw new Error(`${route.id} answered ${status}: ${JSON.stringify(body)}`);
      return body;
    },
  };
}
