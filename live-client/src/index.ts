export * from './http/index.ts';
export * from './room/index.ts';
