/** Reads playlists the strict way, and follows them the way hls.js does. */
import { type Agent, get as httpGet } from 'node:http';

export interface ParsedPart {
  uri: string;
  durationSeconds: number;
  independent: boolean;
}

export interface ParsedSegment {
  sequence: number;
  uri: string | null;
  durationSeconds: number | null;
  discontinuity: boolean;
  discontinuitySequence: number;
  map: string;
  programDateTimeMs: number;
  parts: ParsedPart[];
}

export interface ParsedPlaylist {
  version: number;
  targetDuration: number;
  partTarget: number;
  partHoldBack: number;
  holdBack: number;
  canBlockReload: boolean;
  independentSegments: boolean;
  mediaSequence: number;
  discontinuitySequence: number;
  /** The last one may have no URI yet: it is still growing. */
  segments: ParsedSegment[];
  hint: string | null;
}

/** Attribute lists (RFC 8216bis §4.2). @throws on anything that is not one */
export function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  const pattern = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(,|$)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) throw new Error(`no attribute list: ${text}`);
    const [, name = '', value = ''] = match;
    if (name in attributes) throw new Error(`${name} twice: ${text}`);
    attributes[name] = value.startsWith('"') ? value.slice(1, -1) : value;
  }
  return attributes;
}

const ONCE = new Set([
  'EXT-X-VERSION',
  'EXT-X-TARGETDURATION',
  'EXT-X-SERVER-CONTROL',
  'EXT-X-PART-INF',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE',
  'EXT-X-INDEPENDENT-SEGMENTS',
]);

/** A media playlist of a live stream with parts. @throws Error naming the rule that is broken */
export function parseMediaPlaylist(text: string): ParsedPlaylist {
  const fail = (why: string): never => {
    throw new Error(`${why} in\n${text}`);
  };
  const lines = text.split('\n');
  if (lines[0] !== '#EXTM3U') fail('no #EXTM3U');
  if (lines.at(-1) !== '') fail('no newline at the end');
  if (text.includes('\r')) fail('carriage return');
  // Not a rule of the RFC, but hls.js 1.7 stumbles over it at the next discontinuity.
  if (!lines.at(-2)?.startsWith('#')) fail('ends with an address');
  const tags = new Map<string, string>();
  const playlist = { segments: [], hint: null, independentSegments: false } as unknown as ParsedPlaylist;
  let map = '';
  let current: ParsedSegment | null = null;
  let sequence = Number.NaN;
  let discontinuitySequence = Number.NaN;
  const segment = (): ParsedSegment => {
    if (Number.isNaN(sequence)) fail('segment before EXT-X-MEDIA-SEQUENCE');
    current ??= {
      ...{ sequence, uri: null, durationSeconds: null, discontinuity: false, discontinuitySequence },
      ...{ map, programDateTimeMs: Number.NaN, parts: [] },
    };
    return current;
  };
  for (const line of lines.slice(1, -1)) {
    if (playlist.hint !== null) fail('something after the hint');
    const [, tag = '', value = ''] = /^#(EXT[A-Z0-9-]*):?(.*)$/.exec(line) ?? [];
    if (ONCE.has(tag)) {
      if (tags.has(tag)) fail(`${tag} twice`);
      tags.set(tag, value);
    }
    if (tag === 'EXT-X-MEDIA-SEQUENCE') sequence = Number(value);
    else if (tag === 'EXT-X-DISCONTINUITY-SEQUENCE') discontinuitySequence = Number(value);
    else if (tag === 'EXT-X-DISCONTINUITY') {
      if (current) fail('EXT-X-DISCONTINUITY inside of a segment');
      // Of the first segment it is counted already when the segment before it left the list.
      discontinuitySequence += 1;
      segment().discontinuity = true;
    } else if (tag === 'EXT-X-MAP') {
      map = attributesOf(value).URI ?? fail('map without URI');
      segment().map = map;
    } else if (tag === 'EXT-X-PROGRAM-DATE-TIME') {
      segment().programDateTimeMs = Date.parse(value);
    } else if (tag === 'EXT-X-PART') {
      const { DURATION, URI, INDEPENDENT, ...rest } = attributesOf(value);
      if (!DURATION || !URI || Object.keys(rest).length > 0) fail(`bad part: ${line}`);
      if (INDEPENDENT !== undefined && INDEPENDENT !== 'YES') fail('INDEPENDENT is YES or absent');
      segment().parts.push({ uri: URI!, durationSeconds: Number(DURATION), independent: INDEPENDENT === 'YES' });
    } else if (tag === 'EXTINF') {
      segment().durationSeconds = Number(value.replace(/,$/, ''));
    } else if (tag === 'EXT-X-PRELOAD-HINT') {
      const { TYPE, URI } = attributesOf(value);
      if (TYPE !== 'PART' || !URI) fail('bad hint');
      playlist.hint = URI!;
    } else if (line.startsWith('#')) {
      if (!line.startsWith('#EXT')) continue; // a comment (§4.1)
      if (!ONCE.has(tag)) fail(`unknown line: ${line}`);
    } else {
      const done = segment();
      if (done.durationSeconds === null) fail('segment without EXTINF');
      done.uri = line;
      playlist.segments.push(done);
      current = null;
      sequence += 1;
    }
  }
  if (current) playlist.segments.push(current);
  const control = attributesOf(tags.get('EXT-X-SERVER-CONTROL') ?? fail('no server control'));
  return Object.assign(playlist, {
    version: Number(tags.get('EXT-X-VERSION')),
    targetDuration: Number(tags.get('EXT-X-TARGETDURATION')),
    partTarget: Number(attributesOf(tags.get('EXT-X-PART-INF') ?? fail('no part information'))['PART-TARGET']),
    canBlockReload: control['CAN-BLOCK-RELOAD'] === 'YES',
    partHoldBack: Number(control['PART-HOLD-BACK']),
    holdBack: Number(control['HOLD-BACK']),
    independentSegments: tags.has('EXT-X-INDEPENDENT-SEGMENTS'),
    mediaSequence: Number(tags.get('EXT-X-MEDIA-SEQUENCE')),
    discontinuitySequence: Number(tags.get('EXT-X-DISCONTINUITY-SEQUENCE')),
  });
}

/**
 * Rules of RFC 8216bis that one playlist can break (§4.4.3, §4.4.4.9, §4.4.3.7, §4.4.3.8); returns what is broken.
 */
export function brokenRules(playlist: ParsedPlaylist): string[] {
  const broken: string[] = [];
  const rule = (holds: boolean, what: string): void => {
    if (!holds) broken.push(what);
  };
  const { segments, partTarget, targetDuration } = playlist;
  rule(playlist.version >= 6, 'EXT-X-MAP needs version 6');
  rule(playlist.canBlockReload, 'CAN-BLOCK-RELOAD');
  rule(playlist.partHoldBack >= 3 * partTarget, 'PART-HOLD-BACK below three parts');
  rule(playlist.holdBack >= 3 * targetDuration, 'HOLD-BACK below three target durations');
  rule(Number.isInteger(targetDuration), 'target duration is no integer');
  for (const segment of segments) {
    const { parts, durationSeconds, sequence } = segment;
    rule(Number.isFinite(segment.programDateTimeMs), `${sequence}: no date`);
    rule(segment.map !== '', `${sequence}: no map`);
    if (durationSeconds !== null) {
      rule(
        Math.round(durationSeconds) <= targetDuration,
        `${sequence}: ${durationSeconds} s exceeds the target duration`,
      );
      const sum = parts.reduce((total, part) => total + part.durationSeconds, 0);
      if (parts.length > 0)
        rule(Math.abs(sum - durationSeconds) < 0.001, `${sequence}: parts are ${sum} of ${durationSeconds} s`);
    }
    parts.forEach((part, index) => {
      rule(
        part.durationSeconds <= partTarget,
        `${sequence}.${index}: ${part.durationSeconds} s exceeds the part target`,
      );
      const isLast = segment.uri !== null && index === parts.length - 1;
      rule(
        isLast || part.durationSeconds >= 0.85 * partTarget,
        `${sequence}.${index}: ${part.durationSeconds} s is below 85 % of the part target`,
      );
    });
    if (playlist.independentSegments && parts[0]) rule(parts[0].independent, `${sequence}: claims to be independent`);
  }
  const open = segments.at(-1)?.uri === null ? segments.at(-1) : undefined;
  rule(
    segments.slice(0, -1).every((segment) => segment.uri !== null),
    'only the last segment may be open',
  );
  // Parts have to be there for what is newest: three target durations (§6.2.2).
  let newerSeconds = (open?.parts ?? []).reduce((sum, part) => sum + part.durationSeconds, 0);
  for (const segment of segments.filter(({ uri }) => uri !== null).reverse()) {
    if (newerSeconds < 2 * targetDuration) rule(segment.parts.length > 0, `${segment.sequence}: newest without parts`);
    newerSeconds += segment.durationSeconds ?? 0;
  }
  return broken;
}

/** Rules about how one playlist follows another (§6.2.1, §6.2.2). */
export function brokenSuccession(before: ParsedPlaylist, after: ParsedPlaylist): string[] {
  const broken: string[] = [];
  const rule = (holds: boolean, what: string): void => {
    if (!holds) broken.push(what);
  };
  rule(after.mediaSequence >= before.mediaSequence, 'media sequence fell');
  rule(after.discontinuitySequence >= before.discontinuitySequence, 'discontinuity sequence fell');
  rule(after.targetDuration === before.targetDuration, 'target duration changed');
  rule(after.partTarget === before.partTarget, 'part target changed');
  for (const old of before.segments) {
    const same = after.segments.find((segment) => segment.sequence === old.sequence);
    if (!same) continue;
    rule(same.map === old.map, `${old.sequence}: another map`);
    rule(same.discontinuitySequence === old.discontinuitySequence, `${old.sequence}: another discontinuity sequence`);
    if (old.uri !== null)
      rule(same.uri === old.uri && same.durationSeconds === old.durationSeconds, `${old.sequence}: changed`);
    old.parts.slice(0, same.parts.length).forEach((part, index) => {
      rule(same.parts[index]?.uri === part.uri, `${old.sequence}.${index}: another part`);
    });
    if (same.parts.length > 0) rule(same.parts.length >= old.parts.length, `${old.sequence}: parts taken back`);
  }
  const last = before.segments.at(-1);
  const lastAfter = after.segments.at(-1);
  rule((lastAfter?.sequence ?? 0) >= (last?.sequence ?? 0), 'the end went back');
  return broken;
}

/** What to ask for next: the part after the last that is listed. */
export function nextOf(playlist: ParsedPlaylist): { msn: number; part: number } {
  const last = playlist.segments.at(-1);
  if (!last) return { msn: playlist.mediaSequence, part: 0 };
  return last.uri === null ? { msn: last.sequence, part: last.parts.length } : { msn: last.sequence + 1, part: 0 };
}

export function withDirectives(mediaUrl: string, next: { msn: number; part: number }): string {
  return `${mediaUrl}${mediaUrl.includes('?') ? '&' : '?'}_HLS_msn=${next.msn}&_HLS_part=${next.part}`;
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** A request without the weight of `fetch`: hundreds of viewers live in one test process. */
export function request(url: string, agent?: Agent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    httpGet(url, agent ? { agent } : {}, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
      response.on('error', reject);
    }).on('error', reject);
  });
}
