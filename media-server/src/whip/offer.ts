/**
 * Reads an SDP offer (RFC 8866, RFC 9429 section 5.2.1) into the little that WHIP and WHEP need. Everything comes from
 * outside: it is bounded before it is parsed, and nothing leaves here that did not pass a schema. Pure.
 */
import type { DtlsParameters } from '@walnut-live/contracts';
import * as sdp from 'sdp-transform';
import { z } from 'zod';
import { contractFailure, mediaFailure } from '../platform/failure.ts';

/** A browser's offer with every codec it knows is about 8 KB. */
export const MAX_SDP_BYTES = 32 * 1024;
const MAX_LINES = 1_000;
const MAX_LINE_CHARACTERS = 2_000;
const MAX_MEDIA_SECTIONS = 4;
const MAX_CODECS = 128;
const MAX_EXTENSIONS = 32;
const MAX_SSRC_LINES = 64;

export interface OfferedCodec {
  payloadType: number;
  /** Lower case, like `h264`. */
  name: string;
  clockRate: number;
  channels: number;
  parameters: Record<string, string>;
  feedback: Array<{ type: string; parameter: string }>;
}

export interface OfferedMedia {
  kind: 'audio' | 'video' | 'other';
  /** The m= line's media and protocol, to be repeated when the section is refused. */
  type: string;
  protocol: string;
  mid: string;
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** In the order of preference. */
  codecs: OfferedCodec[];
  extensions: Array<{ id: number; uri: string }>;
  /** Simulcast layers that the offerer would send, in its order. */
  layers: Array<{ rid: string; parameters: string }>;
  ssrcs: number[];
  /** Pairs of `a=ssrc-group:FID`: media and its retransmissions. */
  repairs: Array<{ ssrc: number; rtx: number }>;
  cname: string | null;
  msid: string | null;
  reducedSize: boolean;
}

export interface Offer {
  ice: IceCredentials;
  dtls: DtlsParameters;
  media: OfferedMedia[];
  extmapAllowMixed: boolean;
}

export interface IceCredentials {
  usernameFragment: string;
  password: string;
}

const text = z.string().max(512);
/** The parser turns what looks like a number into one. */
const word = z.union([z.string(), z.number()]).transform(String).pipe(z.string().min(1).max(256));
const optionalWord = z.optional(word);
const list = <Schema extends z.ZodType>(schema: Schema, max: number) => z.array(schema).max(max).default([]);

/** RFC 8839 section 5.4. */
export const IceUfrag = z.string().regex(/^[A-Za-z0-9+/]{4,256}$/);
export const IcePassword = z.string().regex(/^[A-Za-z0-9+/]{22,256}$/);
const iceField = (schema: z.ZodString) => z.optional(word.pipe(schema));

const Fingerprint = z.object({
  type: z.string().max(16),
  hash: z.string().regex(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){19,63}$/),
});
const shared = {
  setup: z.optional(z.enum(['active', 'passive', 'actpass', 'holdconn'])),
  iceUfrag: iceField(IceUfrag),
  icePwd: iceField(IcePassword),
  fingerprint: z.optional(Fingerprint),
};
const Section = z.object({
  ...shared,
  type: z.string().max(32),
  protocol: z.string().regex(/^[A-Z/]{1,32}$/i),
  payloads: z.optional(z.union([z.string().max(1_024), z.number()]).transform(String)),
  mid: optionalWord,
  direction: z.optional(z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive'])),
  rtcpMux: z.optional(z.string()),
  rtcpRsize: z.optional(z.string()),
  extmapAllowMixed: z.optional(z.string()),
  msid: z.optional(z.unknown()),
  rtp: list(
    z.object({
      payload: z.int().min(0).max(127),
      codec: z.string().max(64),
      rate: z.optional(z.int().min(1).max(1_000_000)),
      encoding: z.optional(z.coerce.number().int().min(1).max(16)),
    }),
    MAX_CODECS,
  ),
  fmtp: list(z.object({ payload: z.int(), config: text }), MAX_CODECS),
  rtcpFb: list(z.object({ payload: word, type: text, subtype: z.optional(text) }), MAX_CODECS * 8),
  ext: list(z.object({ value: z.int().min(1).max(255), uri: z.string().max(256) }), MAX_EXTENSIONS),
  ssrcs: list(
    z.object({ id: z.int().min(0).max(0xffffffff), attribute: text, value: z.optional(word) }),
    MAX_SSRC_LINES * 4,
  ),
  ssrcGroups: list(z.object({ semantics: text, ssrcs: text }), MAX_SSRC_LINES),
  rids: list(z.object({ id: word, direction: z.string().max(8), params: z.optional(text) }), 8),
  simulcast: z.optional(
    z.object({ dir1: z.string().max(8), list1: text, dir2: z.optional(text), list2: z.optional(text) }),
  ),
});
const Session = z.object({
  ...shared,
  groups: list(z.object({ type: z.string().max(32), mids: word }), 8),
  extmapAllowMixed: z.optional(z.string()),
  media: z.array(Section).min(1).max(MAX_MEDIA_SECTIONS),
});

/** @throws MediaFailure media_sdp_invalid, media_sdp_refused */
export function readOffer(body: string): Offer {
  const parsed = parse(body);
  const first = parsed.media[0];
  if (!first) throw invalid('no-media');
  const fingerprint = first.fingerprint ?? parsed.fingerprint;
  const usernameFragment = first.iceUfrag ?? parsed.iceUfrag;
  const password = first.icePwd ?? parsed.icePwd;
  if (!usernameFragment || !password) throw invalid('ice-credentials-missing');
  if (!fingerprint) throw invalid('fingerprint-missing');
  const algorithm = fingerprint.type.toLowerCase();
  if (!isHash(algorithm)) throw refused('fingerprint-algorithm');

  const media = parsed.media.map(sectionOf);
  const mids = media.map(({ mid }) => mid);
  if (new Set(mids).size !== mids.length) throw invalid('mid-repeated');
  // RFC 9725 section 4.5.1: one transport for everything.
  if (media.length > 1) {
    const bundle = parsed.groups.find(({ type }) => type === 'BUNDLE')?.mids.split(' ') ?? [];
    if (!mids.every((mid) => bundle.includes(mid))) throw refused('not-bundled');
  }
  for (const [index, section] of parsed.media.entries()) {
    if (media[index]?.kind !== 'other' && section.rtcpMux === undefined) throw refused('rtcp-mux-missing');
  }
  return {
    ice: { usernameFragment, password },
    dtls: {
      // The role of the other side: we are the server unless it wants to be (RFC 8842 section 5.3).
      role: (first.setup ?? parsed.setup) === 'passive' ? 'server' : 'client',
      fingerprints: [{ algorithm, value: fingerprint.hash.toUpperCase() }],
    },
    media,
    extmapAllowMixed: parsed.extmapAllowMixed !== undefined || first.extmapAllowMixed !== undefined,
  };
}

function parse(body: string): z.infer<typeof Session> {
  if (Buffer.byteLength(body) > MAX_SDP_BYTES) throw mediaFailure('media_body_too_large');
  const lines = body.split(/\r?\n/);
  if (lines.length > MAX_LINES || lines.some((line) => line.length > MAX_LINE_CHARACTERS)) throw invalid('too-long');
  if (!/^v=0\r?\n/.test(body) || lines.some((line) => line !== '' && !/^[a-z]=/.test(line))) throw invalid('not-sdp');
  let raw: unknown;
  try {
    raw = sdp.parse(body);
  } catch (cause) {
    throw mediaFailure('media_sdp_invalid', { why: 'not-sdp' }, cause);
  }
  const parsed = Session.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw contractFailure(parsed.error, 'media_sdp_invalid');
}

function sectionOf(section: z.infer<typeof Section>, index: number): OfferedMedia {
  const kind = section.type === 'audio' || section.type === 'video' ? section.type : 'other';
  const order = (section.payloads ?? '').split(' ').map(Number);
  const codecs = section.rtp
    .filter(({ payload }) => order.includes(payload))
    .sort((a, b) => order.indexOf(a.payload) - order.indexOf(b.payload))
    .map(
      (entry): OfferedCodec => ({
        payloadType: entry.payload,
        name: entry.codec.toLowerCase(),
        clockRate: entry.rate ?? 0,
        channels: entry.encoding ?? 1,
        parameters: formatParameters(section.fmtp.find(({ payload }) => payload === entry.payload)?.config ?? ''),
        feedback: section.rtcpFb
          .filter(({ payload }) => payload === '*' || payload === String(entry.payload))
          .map(({ type, subtype }) => ({ type, parameter: subtype ?? '' })),
      }),
    );
  return {
    kind,
    type: section.type,
    protocol: section.protocol,
    mid: section.mid ?? String(index),
    direction: section.direction ?? 'sendrecv',
    codecs,
    extensions: section.ext.map(({ value, uri }) => ({ id: value, uri })),
    layers: layersOf(section),
    ssrcs: [...new Set(section.ssrcs.map(({ id }) => id))].slice(0, MAX_SSRC_LINES),
    repairs: section.ssrcGroups.flatMap(({ semantics, ssrcs }) => {
      const [ssrc, rtx] = ssrcs.split(' ').map(Number);
      return semantics === 'FID' && isSsrc(ssrc) && isSsrc(rtx) ? [{ ssrc, rtx }] : [];
    }),
    cname: section.ssrcs.find(({ attribute }) => attribute === 'cname')?.value ?? null,
    msid: msidOf(section.msid),
    reducedSize: section.rtcpRsize !== undefined,
  };
}

/** RFC 8853 section 5.2: `a=simulcast:send q;h;f`. Of alternatives (`a,b`) the first counts, a paused one is one. */
function layersOf(section: z.infer<typeof Section>): OfferedMedia['layers'] {
  const { simulcast } = section;
  const sent = simulcast?.dir1 === 'send' ? simulcast.list1 : simulcast?.dir2 === 'send' ? simulcast.list2 : undefined;
  if (!sent) return [];
  return sent.split(';').map((alternatives) => {
    const rid = alternatives.split(',')[0]?.replace(/^~/, '') ?? '';
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(rid)) throw invalid('simulcast');
    return { rid, parameters: section.rids.find(({ id }) => id === rid)?.params ?? '' };
  });
}

/** `packetization-mode=1;profile-level-id=42e01f` */
function formatParameters(config: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const part of config.split(';').slice(0, 32)) {
    const [name = '', value = ''] = part.trim().split('=', 2);
    if (/^[\w-]{1,64}$/.test(name) && name !== '__proto__') parameters[name.toLowerCase()] = value.trim().slice(0, 256);
  }
  return parameters;
}

/** The stream's part of `a=msid:<stream> <track>`; the parser's shape of it changed over time. */
function msidOf(value: unknown): string | null {
  const entry = Array.isArray(value) ? value[0] : value;
  const whole =
    typeof entry === 'string' ? entry : typeof entry === 'object' && entry && 'id' in entry ? String(entry.id) : '';
  return whole.split(' ')[0]?.slice(0, 128) || null;
}

function isSsrc(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
}

const hashes = ['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512'] as const;
function isHash(name: string): name is (typeof hashes)[number] {
  return (hashes as readonly string[]).includes(name);
}

function invalid(why: string): Error {
  return mediaFailure('media_sdp_invalid', { why });
}

function refused(why: string): Error {
  return mediaFailure('media_sdp_refused', { why });
}
