/**
 * Traces: what one tap of a buyer set going, through HTTP, transactions, the provider's callback and the work that follows
 * (docs/32). Off unless a collector is named; then every call here is the work itself, and nothing of OpenTelemetry is loaded.
 *
 * Model: a request is a span, whose trace id is the caller's when it sent a `traceparent` (W3C Trace Context). Inside it spans
 * nest by where they run. Where work goes on later, or for many at once, the traceparent is stored beside the effect and named
 * as the parent; where none is stored, nothing is traced.
 * Invariants: attributes are of the list below, none of which says who somebody is; a collector that is slow, away or full
 * costs spans and never waits; work that nobody's tap began begins no trace.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestHandler } from 'express';
import type { Random } from './clock.ts';
import type { Logger } from './logger.ts';

/** All that spans may say. No identifiers of orders and people: which order a trace is of, `payments.traceparent` knows. */
export interface SpanFacts {
  readonly 'http.request.method'?: string;
  /** The pattern of the path, without what stands in it. */
  readonly 'http.route'?: string | undefined;
  readonly 'http.response.status_code'?: number;
  /** Code of an AppError, or the class of another error; never its message. */
  readonly 'error.type'?: string;
  readonly 'walnut.request_id'?: string;
  /** What of several things it is: the kind of a transfer, an event, a question to a provider. */
  readonly 'walnut.kind'?: string;
  readonly 'walnut.provider'?: string;
  /** How many were done together. */
  readonly 'walnut.together'?: number;
}
export interface SpanOptions {
  readonly kind?: 'internal' | 'client' | 'consumer';
  readonly facts?: SpanFacts;
  /** What was stored as its parent, instead of the span this runs in, which it is linked to. */
  readonly parent?: string | null | undefined;
}
/** What is stored of a span: its traceparent, where it is recorded. */
export type Stored = string | null | undefined;

export interface Tracing {
  /** False: statements that only tracing needs are left out. */
  readonly on: boolean;
  /** In front of every handler. */
  readonly requests: RequestHandler;
  /** Runs `work` in a span below `parent`, else below the span it runs in; without either it is only run. */
  span<T>(name: string, work: () => Promise<T>, options?: SpanOptions): Promise<T>;
  /** The same for work that is done for many at once: a span below each parent. `work` is given their traceparents, in order. */
  each<T>(
    name: string,
    parents: readonly Stored[],
    work: (own: readonly Stored[]) => Promise<T>,
    options?: Omit<SpanOptions, 'parent'>,
  ): Promise<T>;
  /** traceparent of the span this runs in; undefined: none, or not recorded. */
  here(): string | undefined;
  /** For logs. */
  traceId(): string | undefined;
  /** Sends what waits, as far as that goes fast. */
  close(): Promise<void>;
}

export const untraced: Tracing = {
  on: false,
  requests: (_req, _res, next) => next(),
  span: (_name, work) => work(),
  each: (_name, parents, work) => work(parents),
  here: () => undefined,
  traceId: () => undefined,
  close: async () => {},
};

export interface TracingConfig {
  readonly OTEL_SDK_DISABLED: boolean;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT: string;
  readonly OTEL_EXPORTER_OTLP_HEADERS: Readonly<Record<string, string>>;
  readonly OTEL_SERVICE_NAME: string;
  readonly OTEL_TRACES_SAMPLER: Sampler;
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
type Sampler = (typeof SAMPLERS)[number];

/** `log` is asked for only when something has to be said: a log may itself ask for the trace it writes in. */
export async function openTracing(
  config: TracingConfig,
  log: () => Logger,
  random: Pick<Random, 'bytes'>,
): Promise<Tracing> {
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT === '' || config.OTEL_SDK_DISABLED) return untraced;
  return (await import('./tracing-otlp.ts')).createTracing(config, log, random);
}

/** Runs work that is nobody's in particular where it does not inherit the trace of whoever happened to set it going. */
export const aside: <T>(work: () => T) => T = AsyncLocalStorage.snapshot();
