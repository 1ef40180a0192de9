import type { Mall } from './port.ts';

/** No mall: this catalogue is the brand's own, nothing comes and nothing has to go. */
export function createEmbeddedMall(): Mall {
  const nothing = async (cursor: string | null) => ({ items: [], faults: [], cursor, more: false });
  return {
    kind: 'embedded',
    source: '',
    changedProducts: nothing,
    stock: async (cursor) => ({ ...(await nothing(cursor)), ordersThrough: 0 }),
    putStock: async () => {},
    pushOrder: async () => {},
    picture: async () => Buffer.alloc(0),
  };
}
