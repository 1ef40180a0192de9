import { auditBooks } from '../../e2e/kit/audit.ts';
import type { Figure, Scenario } from '../../scripts/bench/scenario.ts';

const PEOPLE = 20;

/** Everybody at once: the worst minute of a small room. Says that the walk holds under load, and what it costs. */
export const scenario: Scenario = {
  name: 'smoke',
  title: `join, chat, order and pay: ${PEOPLE} people at once`,
  // All of them come from one address within a second.
  env: { AUTH_RATE_PER_MINUTE: '6000', ADDRESS_RATE_FACTOR: '1000' },
  async run({ product, k6, say }) {
    const { metrics } = await k6('load-tests/k6/smoke.ts', {
      ROOM_ID: product.seed.demoRoom.id,
      PEOPLE: String(PEOPLE),
    });
    const differences = await auditBooks(product.databaseUrl);
    say(`auditor: ${differences.length} differences`);
    if (differences.length > 0) throw new Error(differences.join('\n'));

    const figure = (id: string, what: string, metric: string): Figure => {
      const { med = Number.NaN, min = Number.NaN, max = Number.NaN } = metrics[metric] ?? {};
      const p95 = metrics[metric]?.['p(95)'];
      return {
        id: `smoke.${id}`,
        what,
        value: med,
        unit: 'ms',
        betterIs: 'lower',
        min,
        max,
        note: `median of ${PEOPLE}; p95 ${p95?.toFixed(0)} ms`,
      };
    };
    return [
      figure('join', 'tap on the room → snapshot over the socket', 'join_ms'),
      figure('chat-ack', 'chat sent → acknowledged (it is in PostgreSQL)', 'chat_ack_ms'),
      figure('chat-seen', 'chat sent → seen in a frame', 'chat_seen_ms'),
      figure('order', 'order placed', 'order_place_ms'),
      figure('paid', 'order placed → paid by the provider’s callback', 'order_paid_ms'),
    ];
  },
};
