export * from './cluster.ts';
export * from './control.ts';
export * from './errors.ts';
export * from './recording.ts';
export * from './rtp.ts';
export * from './signaling.ts';
export * from './streams.ts';
export * from './tokens.ts';
