/** Watching in an app: `createPlayback` fills a video element by WebRTC or HLS, whichever works. */

/** For a second picture beside the playback's: no chunk of its own, and no publishing in it. */
export { keepWatching } from '../media/lasting-watch.ts';
export * from './decide.ts';
export { createPlayback } from './playback.ts';
export { openRecorded, type RecordedFailure } from './recorded.ts';
export * from './types.ts';
