/** Watching in an app: `createPlayback` fills a video element by WebRTC or HLS, whichever works. */
export * from './decide.ts';
export { createPlayback } from './playback.ts';
export * from './types.ts';
