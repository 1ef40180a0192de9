/** Addresses on the product's own origin. What an embedded page shows is looked at there; what is paid is paid here. */

/** The origin of an address, without a path. @throws TypeError when it is none of http or https. */
export const originOf = (address: string): string => {
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError(`not a web address: ${address}`);
  return url.origin;
};

/** A picture's address from elsewhere; null when it is not on the product's origin: nothing else is loaded. */
export const pictureFrom = (origin: string, path: string): string | null =>
  path.startsWith('/') && !path.startsWith('//') ? `${origin}${path}` : null;

export interface RoomLink {
  origin: string;
  roomId: string;
  /** What stands behind `/s/` in a share link of this room: the visit is then its sharer's (rule A6). */
  shareToken?: string | undefined;
  /** Opened at once. */
  productId?: string | undefined;
}

/** The player's page of the room; by the share link if there is one, which leads to the same page. */
export const roomLink = ({ origin, roomId, shareToken, productId }: RoomLink): string => {
  const query = new URLSearchParams(productId ? { product: productId } : {});
  if (!shareToken) return `${origin}/r/${encodeURIComponent(roomId)}${productId ? `?${query}` : ''}`;
  query.set('room', roomId);
  return `${origin}/s/${encodeURIComponent(shareToken)}?${query}`;
};
