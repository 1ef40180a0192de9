export {
  ApiError,
  type ApiErrorInit,
  type ClientErrorCode,
  errorFromResponse,
  isApiError,
  isDefinite,
} from './api-error.ts';
export { type Api, type CreateApiOptions, createApi } from './create-api.ts';
export { createGuestTokens, type GuestTokens, type GuestTokensOptions } from './guest-tokens.ts';
export {
  type ActionStorage,
  createPendingActions,
  type PendingAction,
  type PendingActions,
  type PendingActionsDeps,
  randomId,
} from './pending-actions.ts';
export { type CallArgs, type CallRest, routeUrl } from './request.ts';
export type { SessionListener } from './session-keeper.ts';
