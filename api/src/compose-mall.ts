/** The brand's own mall beside this product: embedded (none) or over HTTP, by configuration. */
import type { Config } from './config.ts';
import {
  createEmbeddedMall,
  createMall,
  createRestMall,
  type MallDeps,
  type MallFeature,
} from './features/mall/index.ts';

export function joinMall(deps: { config: Config } & Omit<MallDeps, 'mall' | 'stock'>): MallFeature {
  const { config, clock, random } = deps;
  const mall = config.MALL_URL
    ? createRestMall({
        url: config.MALL_URL,
        keyId: config.MALL_KEY_ID,
        secret: config.MALL_SECRET,
        allowPrivate: config.MALL_ALLOW_PRIVATE,
        ...{ clock, random },
      })
    : createEmbeddedMall();
  return createMall({ ...deps, mall, stock: config.MALL_STOCK });
}
