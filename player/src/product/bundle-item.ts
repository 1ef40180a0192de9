import type { Bag, BagItem, BundleView } from '@walnut-live/contracts';

/** How many of a bundle can still be had. */
export const bundlesLeft = ({ parts, cap, taken, perPersonLimit }: BundleView): number =>
  Math.max(
    0,
    Math.min(
      ...parts.map(({ available, quantity }) => Math.floor(available / quantity)),
      ...(cap === null ? [] : [cap - taken]),
      ...(perPersonLimit === null ? [] : [perPersonLimit]),
    ),
  );

/** A bundle as a checkout sees it: one thing at one price. Pure. */
export const bundleItem = (bundle: BundleView): BagItem => ({
  position: 0,
  product: {
    id: bundle.id,
    title: bundle.title,
    subtitle: '',
    description: '',
    pictureUrl: bundle.parts[0]?.pictureUrl ?? '/pictures/none.svg',
    role: 'bundle',
    status: 'on_sale',
    skus: [
      {
        id: bundle.id,
        name: bundle.parts.map(({ title, quantity }) => `${title} × ${quantity}`).join(' + '),
        priceFen: bundle.priceFen,
        listPriceFen: null,
        listPriceBasis: null,
        active: true,
      },
    ],
  },
  offers: [],
  available: { [bundle.id]: bundlesLeft(bundle) },
});

/** What a checkout is about: a product of the bag, or a bundle. */
export const itemOfBag = (bag: Bag, id: string): BagItem | undefined => {
  const product = bag.items.find((candidate) => candidate.product.id === id);
  if (product) return product;
  const bundle = bag.bundles?.find((candidate) => candidate.id === id);
  return bundle && bundleItem(bundle);
};

/** What an order of it names: lines, or a bundle at the price that was seen (rule S4). */
export const bundleWish = (bag: Bag, id: string, quantity: number) => {
  const bundle = bag.bundles?.find((candidate) => candidate.id === id);
  return bundle && [{ bundleId: bundle.id, quantity, seenPriceFen: bundle.priceFen }];
};
