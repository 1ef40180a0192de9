import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/** Prometheus metrics of one process; a registry of its own, so that tests can run several apps. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const made = {
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
    /** From the oldest event of a frame to the moment when it goes out to the room: what everybody in it waits. */
    messageAge: new Histogram({
      name: 'room_message_age_seconds',
      help: 'age of the oldest event of a frame when the frame is sent',
      buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 30],
      registers: [registry],
    }),
    jobSuccess: new Gauge({
      name: 'job_last_success_timestamp_seconds',
      help: 'when a turn of a job last ended well; the start of the process before the first',
      labelNames: ['job'],
      registers: [registry],
    }),
    jobInterval: new Gauge({
      name: 'job_interval_seconds',
      help: 'how often a job is due',
      labelNames: ['job'],
      registers: [registry],
    }),
    jobFailures: new Counter({
      name: 'job_failures_total',
      help: 'turns of a job that failed',
      labelNames: ['job'],
      registers: [registry],
    }),
    differences: new Gauge({
      name: 'books_differences',
      help: 'what the auditor found wrong at its last look: money, stock, gifts, group buys, points, pre-sales',
      registers: [registry],
    }),
    auditedAt: new Gauge({
      name: 'books_audited_timestamp_seconds',
      help: 'when the auditor last looked',
      registers: [registry],
    }),
    badShareTokens: new Counter({
      name: 'share_tokens_refused_total',
      help: 'share links with a forged or expired token (rule A6)',
      labelNames: ['reason'],
      registers: [registry],
    }),
  };
  return {
    ...made,
    /** What `createJobs` tells. */
    jobs: {
      onJob(job: string, intervalMs: number): void {
        made.jobInterval.set({ job }, intervalMs / 1_000);
        made.jobSuccess.set({ job }, Date.now() / 1_000);
        made.jobFailures.inc({ job }, 0);
      },
      onTurn(job: string, ok: boolean): void {
        if (ok) made.jobSuccess.set({ job }, Date.now() / 1_000);
        else made.jobFailures.inc({ job });
      },
    },
  };
}
