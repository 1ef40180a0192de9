/**
 * Reads the body of a PATCH: `application/trickle-ice-sdpfrag` (RFC 8840 section 9). The server is ICE-lite: it answers
 * the checks that come to it and sends none of its own, so candidates are checked for their form and otherwise unused.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { mediaFailure } from '../platform/failure.ts';
import { type IceCredentials, IcePassword, IceUfrag } from './offer.ts';

export const MAX_FRAGMENT_BYTES = 16 * 1024;
const MAX_LINES = 256;
const MAX_CANDIDATES = 64;

export interface IceFragment {
  /** Null: the fragment does not say, so it means the present session. */
  ice: IceCredentials | null;
  candidates: number;
  endOfCandidates: boolean;
}

const Candidate = z.object({
  foundation: z.string().regex(/^[A-Za-z0-9+/:]{1,64}$/),
  component: z.coerce.number().int().min(1).max(256),
  transport: z.string().regex(/^[A-Za-z0-9-]{1,16}$/),
  priority: z.coerce.number().int().min(0).max(0xffffffff),
  /** An address or a name, like the .local ones that browsers give out; it is not resolved. */
  address: z.string().refine((value) => isIP(value) !== 0 || /^[A-Za-z0-9.-]{1,253}$/.test(value)),
  port: z.coerce.number().int().min(0).max(65_535),
  typ: z.literal('typ'),
  type: z.string().regex(/^[a-z]{1,16}$/),
});

/** @throws MediaFailure media_sdp_invalid */
export function readIceFragment(body: string): IceFragment {
  if (Buffer.byteLength(body) > MAX_FRAGMENT_BYTES) throw mediaFailure('media_body_too_large');
  const lines = body.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0 || lines.length > MAX_LINES) throw invalid('lines');
  let usernameFragment: string | null = null;
  let password: string | null = null;
  let candidates = 0;
  let endOfCandidates = false;
  for (const line of lines) {
    const [, type, value] = /^([a-z])=(.*)$/.exec(line) ?? [];
    // RFC 8840 section 9.2: attributes and media lines, nothing else.
    if ((type !== 'a' && type !== 'm') || value === undefined) throw invalid('not-a-fragment');
    if (type === 'm') continue;
    if (value.startsWith('ice-ufrag:')) {
      const given = checked(IceUfrag, value.slice('ice-ufrag:'.length));
      if (usernameFragment !== null && usernameFragment !== given) throw invalid('several-ice-sessions');
      usernameFragment = given;
    } else if (value.startsWith('ice-pwd:')) {
      const given = checked(IcePassword, value.slice('ice-pwd:'.length));
      if (password !== null && password !== given) throw invalid('several-ice-sessions');
      password = given;
    } else if (value.startsWith('candidate:')) {
      candidates += 1;
      if (candidates > MAX_CANDIDATES) throw invalid('too-many-candidates');
      const [foundation, component, transport, priority, address, port, typ, kind] = value
        .slice('candidate:'.length)
        .split(' ');
      checked(Candidate, { foundation, component, transport, priority, address, port, typ, type: kind });
    } else if (value === 'end-of-candidates') endOfCandidates = true;
  }
  if ((usernameFragment === null) !== (password === null)) throw invalid('half-of-the-credentials');
  const ice = usernameFragment === null || password === null ? null : { usernameFragment, password };
  return { ice, candidates, endOfCandidates };
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid('malformed-attribute');
  return parsed.data;
}

function invalid(why: string): Error {
  return mediaFailure('media_sdp_invalid', { why });
}
