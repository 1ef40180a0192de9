export { createMediaControl, type MediaControl, type StreamView } from './media-control.ts';
