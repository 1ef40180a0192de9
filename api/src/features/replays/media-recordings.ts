/**
 * The media server's part of recordings over its control API (contracts/src/media/recording.ts).
 *
 * With several servers a recording has a home: the one that its stream is published to when it is ordered first. It is kept
 * in the recording's row, because every later order and question has to go there. The others are told each order too: they
 * keep what they carry of its streams when all share one storage, and forget what is not repeated.
 */
import {
  FileView,
  type RecordingOrder,
  type RecordingRange,
  RecordingView,
  type RecordingVisibility,
} from '@walnut-live/contracts';
import { AppError } from '../../platform/errors.ts';

const TIMEOUT_MS = 5_000;
/** Of those whose answer nobody needs. */
const HELP_TIMEOUT_MS = 1_500;

export interface MediaRecordings {
  /** There are servers besides the home: repeat orders every minute. */
  readonly hasHelpers: boolean;
  /**
   * Each: @throws AppError unavailable when it cannot be reached, not_found when it knows no such thing.
   * An order is answered null while nobody publishes, so that no server is its home yet: ask again.
   */
  order(roomId: string, order: RecordingOrder): Promise<RecordingView | null>;
  view(roomId: string): Promise<RecordingView>;
  setHidden(roomId: string, hidden: boolean): Promise<void>;
  remove(roomId: string): Promise<void>;
  file(roomId: string, order: { range: RecordingRange | null }): Promise<FileView>;
}

export function createMediaRecordings(deps: {
  /** Control addresses of all media servers, one at the least. */
  urls: readonly string[];
  token: string;
  /** Where the stream is published; one of `urls`. */
  originOf: (streamId: string) => string | null;
  homes: {
    read(roomId: string): Promise<string | null>;
    /** Answers the home that stands, which a rival may have set. */
    set(roomId: string, url: string, known: readonly string[]): Promise<string | null>;
  };
}): MediaRecordings {
  const { urls, homes } = deps;
  const [first = ''] = urls;

  async function homeOf(roomId: string): Promise<string | null> {
    if (urls.length === 1) return first;
    const home = await homes.read(roomId);
    // One that is gone from the configuration: the others read the same storage, or nobody has it.
    return home !== null && urls.includes(home) ? home : null;
  }
  async function findHome(roomId: string, { state, spans }: RecordingOrder): Promise<string | null> {
    const home = await homeOf(roomId);
    if (home !== null) return home;
    const streamId = spans.at(-1)?.streamId;
    const origin = streamId === undefined ? null : deps.originOf(streamId);
    if (origin === null && state === 'recording') return null;
    return homes.set(roomId, origin ?? first, urls);
  }

  async function call(
    method: string,
    home: string,
    path: string,
    body?: unknown,
    timeoutMs = TIMEOUT_MS,
  ): Promise<unknown> {
    const response = await fetch(new URL(`/control/recordings/${path}`, home), {
      method,
      headers: { authorization: `Bearer ${deps.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw new AppError('unavailable', {}, cause);
    });
    if (response.ok) return response.status === 204 ? undefined : response.json();
    await response.body?.cancel();
    throw new AppError(response.status === 404 ? 'not_found' : 'unavailable');
  }
  const at = async (roomId: string): Promise<[home: string, path: string]> => [
    (await homeOf(roomId)) ?? first,
    encodeURIComponent(roomId),
  ];
  return {
    hasHelpers: urls.length > 1,
    async order(roomId, order) {
      const home = await findHome(roomId, order);
      // Nobody publishes: there is nothing to keep anywhere.
      if (home === null) return null;
      const path = encodeURIComponent(roomId);
      // Nobody waits for the others, and what fails is told again before it is missed.
      for (const url of urls) {
        if (url !== home) call('PUT', url, `${path}/help`, order, HELP_TIMEOUT_MS).catch(() => undefined);
      }
      return RecordingView.parse(await call('PUT', home, path, order));
    },
    view: async (roomId) => RecordingView.parse(await call('GET', ...(await at(roomId)))),
    async setHidden(roomId, hidden) {
      const [home, path] = await at(roomId);
      await call('PUT', home, `${path}/visibility`, { hidden } satisfies RecordingVisibility);
    },
    remove: async (roomId) => void (await call('DELETE', ...(await at(roomId)))),
    async file(roomId, order) {
      const [home, path] = await at(roomId);
      return FileView.parse(await call('POST', home, `${path}/files`, order));
    },
  };
}
