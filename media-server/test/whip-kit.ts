/** Requests of WHIP and WHEP, for the tests that look at single answers. */
import { expect } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { control, mintToken } from './kit.ts';
import { makeOffer } from './sdp-kit.ts';

export interface Sent {
  method?: string;
  token?: string | null;
  type?: string | null;
  body?: string;
  headers?: Record<string, string>;
}

export const publishToken = (streamId: string, claims = {}) => mintToken({ right: 'publish', streamId, ...claims });
export const watchToken = (streamId: string) => mintToken({ right: 'watch', streamId });

/** [4.1] RFC 9457: what went wrong, for programs. */
export async function problemOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({
    type: `urn:walnut-live:error:${String(problem.code)}`,
    status: response.status,
    title: expect.any(String),
    requestId: expect.any(String),
  });
  return problem;
}

/** Calls of one server. */
export function whipCalls(server: () => MediaServer) {
  async function stateOf(streamId: string): Promise<string> {
    return ((await (await control(server(), 'GET', `/streams/${streamId}`)).json()) as { state: string }).state;
  }

  function send(url: string, { method = 'POST', token, type = 'application/sdp', body, headers = {} }: Sent = {}) {
    return fetch(url.startsWith('http') ? url : `${server().url}${url}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && type !== null && { 'content-type': type }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
  }

  async function publish(streamId: string, body = makeOffer(), claims = {}) {
    const token = await publishToken(streamId, claims);
    const response = await send(`/whip/${streamId}`, { token, body });
    return {
      response,
      token,
      answer: await response.text(),
      location: response.headers.get('location') ?? '',
      etag: response.headers.get('etag') ?? '',
    };
  }
  return { stateOf, send, publish };
}
