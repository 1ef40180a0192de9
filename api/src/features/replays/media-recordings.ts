/** The media server's part of recordings over its control API (contracts/src/media/recording.ts). */
import { FileView, type RecordingOrder, type RecordingRange, RecordingView } from '@walnut-live/contracts';
import { AppError } from '../../platform/errors.ts';

const TIMEOUT_MS = 5_000;

export interface MediaRecordings {
  /** Each: @throws AppError unavailable when it cannot be reached, not_found when it knows no such thing */
  order(roomId: string, order: RecordingOrder): Promise<RecordingView>;
  view(roomId: string): Promise<RecordingView>;
  remove(roomId: string): Promise<void>;
  file(roomId: string, order: { range: RecordingRange | null }): Promise<FileView>;
}

export function createMediaRecordings(deps: { url: string; token: string }): MediaRecordings {
  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(new URL(`/control/recordings/${path}`, deps.url), {
      method,
      headers: { authorization: `Bearer ${deps.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new AppError('unavailable', {}, cause);
    });
    if (response.ok) return response.status === 204 ? undefined : response.json();
    await response.body?.cancel();
    throw new AppError(response.status === 404 ? 'not_found' : 'unavailable');
  }
  const at = encodeURIComponent;
  return {
    order: async (roomId, order) => RecordingView.parse(await call('PUT', at(roomId), order)),
    view: async (roomId) => RecordingView.parse(await call('GET', at(roomId))),
    remove: async (roomId) => void (await call('DELETE', at(roomId))),
    file: async (roomId, order) => FileView.parse(await call('POST', `${at(roomId)}/files`, order)),
  };
}
