import { type AckError, type ErrorCode, errorStatus, type Problem } from '@walnut-live/contracts';
import { z } from 'zod';
import { databaseFailure } from './database-failure.ts';

/** A database that restarts or is crowded is back within seconds. */
const RETRY_AFTER_SECONDS = 2;

interface Details {
  /** For engineers; never shown to a viewer. */
  detail?: string;
  /** What a client may act on, for example `{ priceFen }`. */
  facts?: Record<string, unknown>;
  issues?: { path: string; issue: string }[];
  retryAfterSeconds?: number;
}

/** The one error of the api: a code of contracts/errors.ts, facts for the client, the cause for the log. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Details;
  constructor(code: ErrorCode, details: Details = {}, cause?: unknown) {
    // A refusal is an answer like any other, and a crowd gets thousands a second: nobody reads where it was made.
    const frames = Error.stackTraceLimit;
    if (code !== 'internal') Error.stackTraceLimit = 0;
    super(details.detail ?? code, cause === undefined ? undefined : { cause });
    Error.stackTraceLimit = frames;
    this.name = 'AppError';
    this.code = code;
    this.details = details;
  }
}

export function fromZod(error: z.ZodError): AppError {
  const issues = error.issues.slice(0, 20).map((issue) => ({ path: `/${issue.path.join('/')}`, issue: issue.code }));
  return new AppError('invalid_request', { detail: z.prettifyError(error).slice(0, 500), issues });
}

/** Known failures of Express, its body parser and the database, in our own codes; anything else is `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.ZodError) return fromZod(error);
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') return new AppError('body_too_large');
  if (type === 'entity.parse.failed' || type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return new AppError('invalid_request', { detail: 'body cannot be read as JSON' });
  }
  if (error instanceof URIError) return new AppError('invalid_request', { detail: 'malformed URL' });
  switch (databaseFailure(error)) {
    case 'unavailable':
      return new AppError('unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS }, error);
    case 'refused':
      return new AppError('invalid_request', { detail: 'a value that cannot be stored' }, error);
    case undefined:
      return new AppError('internal', {}, error);
  }
}

export function toProblem(error: AppError, requestId: string): Problem {
  const { detail, facts, issues, retryAfterSeconds } = error.details;
  return {
    type: `urn:walnut-live:error:${error.code}`,
    title: error.code.replaceAll('_', ' '),
    status: errorStatus[error.code],
    code: error.code,
    requestId,
    ...(detail === undefined ? {} : { detail }),
    ...(facts === undefined ? {} : { facts }),
    ...(issues === undefined ? {} : { issues }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

export function toAckError(error: AppError): AckError {
  const { issues, retryAfterSeconds } = error.details;
  const facts =
    retryAfterSeconds === undefined
      ? error.details.facts
      : { retryAfterMs: retryAfterSeconds * 1_000, ...error.details.facts };
  return { code: error.code, ...(facts === undefined ? {} : { facts }), ...(issues === undefined ? {} : { issues }) };
}
