import { type ErrorCode, errorCodes, type Problem } from '@walnut-live/contracts';

/**
 * Besides the product's own codes: `offline` (no answer came: network down, DNS, refused, timed out) and `bad_reply`
 * (a success whose body was not JSON, for example the login page of a hotel's Wi-Fi).
 */
export type ClientErrorCode = ErrorCode | 'offline' | 'bad_reply';

export type ApiErrorInit = {
  code: ClientErrorCode;
  /** HTTP status, 0 when no answer came. */
  status: number;
  requestId?: string | null;
  issues?: Problem['issues'];
  facts?: Problem['facts'];
  retryAfterSeconds?: number | null;
  cause?: unknown;
};

/** What every call of the api rejects with, except when its own signal was aborted (then the abort reason). */
export class ApiError extends Error {
  readonly code: ClientErrorCode;
  readonly status: number;
  /** To be shown and copied, so that support can find the request in the logs. */
  readonly requestId: string | null;
  readonly issues: NonNullable<Problem['issues']>;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | null;

  constructor(init: ApiErrorInit) {
    super(init.code, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'ApiError';
    this.code = init.code;
    this.status = init.status;
    this.requestId = init.requestId ?? null;
    this.issues = init.issues ?? [];
    this.facts = init.facts ?? {};
    this.retryAfterSeconds = init.retryAfterSeconds ?? null;
  }
}

export const isApiError = (error: unknown, code?: ClientErrorCode): error is ApiError =>
  error instanceof ApiError && (code === undefined || error.code === code);

/**
 * True if the server has decided: asking again with the same idempotency key gives the same answer. False while the
 * outcome is unknown (no answer, a server fault, the first request still in flight), and then the key must be kept.
 */
export const isDefinite = (error: unknown): boolean =>
  error instanceof ApiError &&
  error.status >= 400 &&
  error.status < 500 &&
  error.code !== 'request_in_flight' &&
  error.code !== 'rate_limited' &&
  error.status !== 401;

const isKnownCode = (code: unknown): code is ErrorCode => errorCodes.includes(code as ErrorCode);

/** For answers that are not ours (a proxy's page, a newer server): the nearest code by status. */
const codeByStatus = (status: number): ErrorCode => {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 409) return 'conflict';
  if (status === 413) return 'body_too_large';
  if (status === 429) return 'rate_limited';
  if (status === 502 || status === 503 || status === 504) return 'unavailable';
  return status >= 500 ? 'internal' : 'invalid_request';
};

const integerOrNull = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? Math.ceil(value) : null;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads problem details (RFC 9457) with the tolerance a client owes to proxies and newer servers. */
export const errorFromResponse = async (response: Response): Promise<ApiError> => {
  const body: unknown = await response.json().catch(() => null);
  const problem = isRecord(body) ? body : {};
  const headerSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError({
    code: isKnownCode(problem.code) ? problem.code : codeByStatus(response.status),
    status: response.status,
    requestId: typeof problem.requestId === 'string' ? problem.requestId : response.headers.get('x-request-id'),
    issues: Array.isArray(problem.issues) ? (problem.issues as NonNullable<Problem['issues']>) : [],
    facts: isRecord(problem.facts) ? problem.facts : {},
    retryAfterSeconds: integerOrNull(problem.retryAfterSeconds) ?? integerOrNull(headerSeconds),
  });
};
