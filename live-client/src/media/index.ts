/** The browser's publishing and watching. Apps use these (or, to watch, `createPlayback`); none touches mediasoup-client. */
export { grantedEndpoint } from './granted-endpoint.ts';
export { keepWatching } from './lasting-watch.ts';
export { publishStream } from './moving-publish.ts';
export { type SwitchingWatch, watchSwitching } from './switching-watch.ts';
export * from './types.ts';
export { testUplink, type UplinkLevel, type UplinkResult } from './uplink-test.ts';
export { watchStream } from './watch.ts';
