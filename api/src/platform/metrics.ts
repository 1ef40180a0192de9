import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/** Prometheus metrics of one process; a registry of its own, so that tests can run several apps. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    requests: new Histogram({
      name: 'http_request_seconds',
      help: 'HTTP requests',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 3],
      registers: [registry],
    }),
    sockets: new Gauge({ name: 'room_sockets', help: 'connected room sockets', registers: [registry] }),
    roomEvents: new Counter({
      name: 'room_events_total',
      help: 'events appended to room logs',
      labelNames: ['kind'],
      registers: [registry],
    }),
    orders: new Counter({
      name: 'orders_total',
      help: 'order transitions',
      labelNames: ['event'],
      registers: [registry],
    }),
    badShareTokens: new Counter({
      name: 'share_tokens_refused_total',
      help: 'share links with a forged or expired token (rule A6)',
      labelNames: ['reason'],
      registers: [registry],
    }),
  };
}
