import './browser-csp.ts';

export * from './coupon-stacks.ts';
export * from './errors.ts';
export * from './http/index.ts';
export * from './ids.ts';
export * from './limit-key.ts';
export * from './media/index.ts';
export * from './money.ts';
export * from './network-layout.ts';
export * from './prices.ts';
export * from './realtime/index.ts';
export * from './staff.ts';
