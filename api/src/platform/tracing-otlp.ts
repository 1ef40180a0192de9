/** Tracing by OpenTelemetry's own kit, sent as OTLP/HTTP (JSON). Loaded only where it is switched on; see tracing.ts. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { ExportResultCode, parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Request, Response } from 'express';
import type { Random } from './clock.ts';
import { toAppError } from './errors.ts';
import type { Logger } from './logger.ts';
import type { SpanFacts, Stored, Tracing, TracingConfig } from './tracing.ts';

const EXPORT_TIMEOUT_MS = 5_000;
const EXPORT_EVERY_MS = 2_000;
/** More spans than these are dropped rather than kept for a collector that is away. */
const QUEUE = 4_096;
/** An orderly end waits no longer for a collector. */
const CLOSE_WITHIN_MS = 1_000;
/** Of what a collector's absence is said once in this time. */
const SAY_AGAIN_MS = 600_000;
/** What people and programs ask for; not what watches the process. */
const TRACED = /^\/(?:api\/v1|s)\//;
const VERSION = '00';

export function createTracing(config: TracingConfig, log: () => Logger, random: Pick<Random, 'bytes'>): Tracing {
  const where = config.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, '');
  const exporter = new OTLPTraceExporter({
    url: `${where}/v1/traces`,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': config.OTEL_SERVICE_NAME }),
    sampler: samplerOf(config, random),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: saysWhenAway(exporter, log),
        scheduledDelayMillis: EXPORT_EVERY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
        maxQueueSize: QUEUE,
      }),
    ],
  });
  const tracer = provider.getTracer('walnut-live');
  const running = new AsyncLocalStorage<Context>();

  const contextOf = (stored: Stored, isOurs: boolean): Context | undefined => {
    const parsed = typeof stored === 'string' ? parseTraceParent(stored) : null;
    if (!parsed || !isSpanContextValid(parsed)) return undefined;
    // What comes from outside names the trace; whether it is recorded is ours to say, as it is our collector that pays.
    return trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: !isOurs });
  };
  const spanHere = (): SpanContext | undefined => {
    const context = running.getStore();
    const span = context && trace.getSpan(context);
    // One that is over is nobody's parent: what a request set going for later has its parent stored.
    return span?.isRecording() ? span.spanContext() : undefined;
  };
  const storedOf = (span: SpanContext | undefined): string | undefined =>
    span && (span.traceFlags & TraceFlags.SAMPLED) !== 0
      ? `${VERSION}-${span.traceId}-${span.spanId}-0${span.traceFlags & TraceFlags.SAMPLED}`
      : undefined;

  const requests: Tracing['requests'] = (req: Request, res: Response, next) => {
    if (!TRACED.test(req.path)) return next();
    const given = contextOf(req.headers.traceparent as string | undefined, false) ?? ROOT_CONTEXT;
    const span = tracer.startSpan(req.method, { kind: SpanKind.SERVER }, given);
    res.once('close', () => {
      const { statusCode: status } = res;
      const route = req.route?.path as string | undefined;
      if (route !== undefined) span.updateName(`${req.method} ${route}`);
      note(span, {
        ...{ 'http.request.method': req.method, 'http.route': route, 'http.response.status_code': status },
        'walnut.request_id': res.locals.requestId as string,
        ...(status >= 500 ? { 'error.type': String(status) } : {}),
      });
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    running.run(trace.setSpan(given, span), next);
  };

  return {
    on: true,
    requests,
    async span(name, work, { kind = 'internal', facts = {}, parent } = {}) {
      const cause = spanHere();
      const above = parent === undefined ? cause && running.getStore() : contextOf(parent, true);
      if (!above) return parent === undefined ? work() : running.exit(work);
      const links = cause && parent !== undefined ? [{ context: cause }] : [];
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes: { ...facts }, links }, above);
      return running.run(trace.setSpan(above, span), () => ended(work(), [span]));
    },
    async each(name, parents, work, { kind = 'internal', facts = {} } = {}) {
      const spans = parents.map((parent) => {
        const above = contextOf(parent, true);
        return above && tracer.startSpan(name, { kind: kinds[kind], attributes: { ...facts } }, above);
      });
      const own = spans.map((span) => storedOf(span?.spanContext()));
      return ended(
        running.exit(() => work(own)),
        spans.filter((span) => span !== undefined),
      );
    },
    here: () => storedOf(spanHere()),
    traceId: () => spanHere()?.traceId,
    async close() {
      const soon = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), soon]);
    },
  };
}

const kinds = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER } as const;

function note(span: Span, facts: SpanFacts): void {
  for (const [key, value] of Object.entries(facts)) if (value !== undefined) span.setAttribute(key, value);
}

/** Ends the spans with the work. A refusal is an answer; a failure is one of ours. */
async function ended<T>(work: Promise<T>, spans: readonly Span[]): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code } = toAppError(error);
    const failed = ['internal', 'unavailable', 'provider_unavailable'].includes(code);
    const type = code === 'internal' && error instanceof Error ? error.constructor.name : code;
    for (const span of spans) {
      note(span, { 'error.type': type });
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    }
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}

/** The door decides which traces are recorded; what follows keeps to it, in this process and in the others. */
function samplerOf(
  { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio }: TracingConfig,
  random: Pick<Random, 'bytes'>,
): ParentBasedSampler {
  const root = name.endsWith('always_on')
    ? new AlwaysOnSampler()
    : name.endsWith('always_off')
      ? new AlwaysOffSampler()
      : byChance(ratio, random);
  return new ParentBasedSampler({ root, remoteParentSampled: root, remoteParentNotSampled: root });
}

/** Not by the trace's id, as the kit's own does: a caller names that, and would choose to be recorded always or never. */
const byChance = (ratio: number, random: Pick<Random, 'bytes'>): Sampler => ({
  shouldSample: () => ({
    decision:
      random.bytes(4).readUInt32BE() < ratio * 2 ** 32
        ? SamplingDecision.RECORD_AND_SAMPLED
        : SamplingDecision.NOT_RECORD,
  }),
  toString: () => `ByChance{${ratio}}`,
});

/** A collector that does not take what it is sent is told of in the log, once in a while. */
function saysWhenAway(exporter: OTLPTraceExporter, log: () => Logger): SpanExporter {
  let saidAt = Number.NEGATIVE_INFINITY;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const now = performance.now();
        if (result.code === ExportResultCode.FAILED && now - saidAt > SAY_AGAIN_MS) {
          saidAt = now;
          log().warn(
            { err: result.error, spans: spans.length },
            'traces: the collector does not take them, they are dropped',
          );
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  };
}
