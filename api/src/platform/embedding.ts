/** CORS for the pages of other sites that the brand has named; see embedding.policy.ts. */
import type { RequestHandler } from 'express';
import {
  EMBEDDED_ANSWER_HEADERS,
  EMBEDDED_REQUEST_HEADERS,
  isEmbeddedAnyhow,
  isEmbeddedPath,
  type PageJudge,
  PREFLIGHT_SECONDS,
} from './embedding.policy.ts';

/** Goes in front of everything, so that refusals and failures can be read by the page too. */
export function embeddedPages(judge: PageJudge): RequestHandler {
  return (req, res, next) => {
    if (!isEmbeddedAnyhow(req.path)) return next();
    // Also for who sends no origin: a picture kept for our own page must not be handed to another's.
    res.vary('Origin');
    const { origin } = req.headers;
    const wanted = req.method === 'OPTIONS' ? req.get('access-control-request-method') : req.method;
    if (!origin || !wanted || judge(req.headers) !== 'allowed' || !isEmbeddedPath(wanted, req.path)) return next();
    res.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': EMBEDDED_ANSWER_HEADERS });
    if (req.method !== 'OPTIONS') return next();
    res.set({
      'Access-Control-Allow-Methods': wanted,
      'Access-Control-Allow-Headers': EMBEDDED_REQUEST_HEADERS,
      'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
    });
    res.status(204).end();
  };
}
