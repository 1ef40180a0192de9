/**
 * Where what of recordings lies. Pure.
 *
 * A stream is written once, however many rooms show it: `streams/<stream>/<run>/<n>.m4s` with its index in
 * `streams/<stream>/index/`, where each process that writes has parts of its own. `streams/<stream>/composites/<composite>`
 * names the stream in which its guide is seen with co-hosts. A room has its spans (`rooms/<room>/recording.json`), after the end the list of its segments
 * and the MP4 files made from them. `streams/<stream>/rooms/<room>` says who needs the stream; `active/<node>/<room>` which
 * recordings a restarted server of that node goes on with.
 */
const PART_DIGITS = 8;
const padded = (value: number): string => String(value).padStart(PART_DIGITS, '0');

export const layout = {
  stream: (streamId: string) => `streams/${streamId}/`,
  index: (streamId: string) => `streams/${streamId}/index/`,
  indexPart: (streamId: string, part: number, writer: string) =>
    `streams/${streamId}/index/${padded(part)}-${writer}.jsonl`,
  init: (streamId: string, run: string) => `streams/${streamId}/${run}/init.mp4`,
  segment: (streamId: string, run: string, n: number) => `streams/${streamId}/${run}/${n}.m4s`,
  composites: (streamId: string) => `streams/${streamId}/composites/`,
  composite: (streamId: string, compositeId: string) => `streams/${streamId}/composites/${compositeId}`,
  users: (streamId: string) => `streams/${streamId}/rooms/`,
  user: (streamId: string, roomId: string) => `streams/${streamId}/rooms/${roomId}`,
  room: (roomId: string) => `rooms/${roomId}/`,
  recording: (roomId: string) => `rooms/${roomId}/recording.json`,
  segments: (roomId: string) => `rooms/${roomId}/segments.jsonl`,
  file: (roomId: string, fromMs: number, toMs: number) => `rooms/${roomId}/files/${fromMs}-${toMs}.mp4`,
  active: (nodeId: string) => `active/${nodeId}/`,
  activeRoom: (nodeId: string, roomId: string) => `active/${nodeId}/${roomId}`,
} as const;

/** Number of an index part by its key; null for something else. */
export function partNumber(key: string): number | null {
  const digits = /\/(\d{8})(?:-[0-9a-f]{8})?\.jsonl$/.exec(key)?.[1];
  return digits === undefined ? null : Number(digits);
}
