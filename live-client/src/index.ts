export * from './http/index.ts';
export * from './media/index.ts';
export * from './playback/index.ts';
export * from './room/index.ts';
