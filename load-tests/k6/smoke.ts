/**
 * The whole walk of a customer, by many at once: guest → join → socket and snapshot → sign in → chat with its
 * acknowledgement → see it in a frame → order → pay in the sandbox → order is paid.
 * Environment: ORIGIN, ROOM_ID, PEOPLE (default 20).
 */
import { check, fail, sleep } from 'k6';
import exec from 'k6/execution';
import http, { type RefinedResponse } from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { connect } from './lib/socket-io.ts';

declare const __ENV: Record<string, string>;
const origin = __ENV.ORIGIN ?? fail('ORIGIN is not set');
const roomId = __ENV.ROOM_ID ?? fail('ROOM_ID is not set');
const people = Number(__ENV.PEOPLE ?? 20);
const api = `${origin}/api/v1`;
const PAID_WITHIN_TRIES = 200;
const GIVE_UP_MS = 60_000;

const joinMs = new Trend('join_ms', true);
const chatAckMs = new Trend('chat_ack_ms', true);
const chatSeenMs = new Trend('chat_seen_ms', true);
const placeMs = new Trend('order_place_ms', true);
const paidMs = new Trend('order_paid_ms', true);
const walks = new Counter('walks_finished');

export const options = {
  scenarios: { walk: { executor: 'per-vu-iterations', vus: people, iterations: 1, maxDuration: '90s' } },
  thresholds: { checks: ['rate==1'], walks_finished: [`count==${people}`] },
};

const key = () => `smoke-${exec.vu.idInTest}-${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
const json = (token?: string, extra: Record<string, string> = {}) => ({
  headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}), ...extra },
});
function must(name: string, response: RefinedResponse<'text'>, status: number) {
  if (!check(response, { [name]: (r) => r.status === status })) fail(`${name}: ${response.status} ${response.body}`);
  return response.json() as never;
}

interface Sku {
  id: string;
  priceFen: number;
}
interface Bag {
  items: { product: { skus: Sku[] }; offers: { skuId: string }[]; available: Record<string, number> }[];
}

export default function walk() {
  const guest = must('guest', http.post(`${api}/auth/guest`, '{}', json()), 200) as { accessToken: string };
  const phone = `139${String(10_000_000 + exec.vu.idInTest * 1000 + (Date.now() % 1000)).slice(-8)}`;
  const session = must(
    'sign in',
    http.post(`${api}/auth/sandbox`, JSON.stringify({ phone }), json(guest.accessToken)),
    200,
  ) as { accessToken: string };
  const token = session.accessToken;

  const joinedAt = Date.now();
  const join = must('join', http.post(`${api}/rooms/${roomId}/join`, '{}', json(token)), 200) as {
    roomToken: string;
    socketPath: string;
    snapshot: { bag: Bag };
  };

  const text = `smoke ${key()}`;
  let sentAt = 0;
  const socket = connect({
    origin,
    path: join.socketPath,
    namespace: '/room',
    auth: { token: join.roomToken, roomId },
    onRefused: (reason) => fail(`socket refused: ${JSON.stringify(reason)}`),
    onConnected(room) {
      room.on('room:snapshot', (snapshot: { seq: number }) => {
        joinMs.add(Date.now() - joinedAt);
        check(snapshot, { 'snapshot has a sequence number': (s) => Number.isInteger(s.seq) });
        sentAt = Date.now();
        room.emit('chat:send', { text }, (ack) => {
          chatAckMs.add(Date.now() - sentAt);
          check(ack as { ok: boolean }, { 'chat acknowledged': (a) => a.ok });
        });
      });
      room.on('room:frame', (frame: { events: { event: { kind: string; message?: { text: string } } }[] }) => {
        if (frame.events.some(({ event }) => event.kind === 'chat:sent' && event.message?.text === text)) {
          chatSeenMs.add(Date.now() - sentAt);
          clearTimeout(giveUp);
          room.close();
          buy(token, join.snapshot.bag);
        }
      });
    },
  });
  const giveUp = setTimeout(() => socket.close(), GIVE_UP_MS);
}

function buy(token: string, bag: Bag) {
  const item = bag.items.find(({ product, offers, available }) =>
    product.skus.some((sku) => (available[sku.id] ?? 0) > 0 && !offers.some((offer) => offer.skuId === sku.id)),
  );
  const sku = item?.product.skus.find((one) => (item.available[one.id] ?? 0) > 0) ?? fail('nothing to buy in the bag');
  const placedAt = Date.now();
  const order = must(
    'order placed',
    http.post(
      `${api}/orders`,
      JSON.stringify({
        roomId,
        lines: [{ skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen }],
        address: {
          recipient: '压测',
          phone: '13900000000',
          province: '浙江省',
          city: '杭州市',
          district: '西湖区',
          street: '文三路 1 号',
        },
      }),
      json(token, { 'idempotency-key': key() }),
    ),
    201,
  ) as { id: string };
  placeMs.add(Date.now() - placedAt);
  const payment = must(
    'payment',
    http.post(
      `${api}/orders/${order.id}/pay`,
      JSON.stringify({ provider: 'sandbox' }),
      json(token, { 'idempotency-key': key() }),
    ),
    200,
  ) as { paymentId: string };
  must(
    'settled',
    http.post(
      `${api}/payments/sandbox/${payment.paymentId}/settle`,
      JSON.stringify({ outcome: 'captured' }),
      json(token),
    ),
    200,
  );
  for (let attempt = 0; attempt < PAID_WITHIN_TRIES; attempt++) {
    const now = must('order read', http.get(`${api}/orders/${order.id}`, json(token)), 200) as { state: string };
    if (now.state === 'paid') {
      paidMs.add(Date.now() - placedAt);
      walks.add(1);
      return;
    }
    sleep(0.1);
  }
  fail('order was not paid');
}
