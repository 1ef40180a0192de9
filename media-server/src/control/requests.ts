/** What every request to `/control` goes through: the control token, a bounded body, the contract. */
import express, { type RequestHandler } from 'express';
import type { z } from 'zod';
import { contractFailure, mediaFailure } from '../platform/failure.ts';

/** Refuses whoever has no control token, before the body is read. @param bodyLimit as express.json() takes it */
export function controlRequests(isAllowed: (token: unknown) => boolean, bodyLimit: string): RequestHandler[] {
  return [
    (request, _response, next) => {
      const [scheme, token] = (request.headers.authorization ?? '').split(' ', 2);
      if (scheme?.toLowerCase() !== 'bearer' || !isAllowed(token)) throw mediaFailure('media_token_invalid');
      next();
    },
    express.json({ limit: bodyLimit }),
  ];
}

/** @throws MediaFailure media_payload_invalid with the path of every fault */
export function readControlBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw contractFailure(parsed.error);
}
