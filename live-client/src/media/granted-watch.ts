/** Watching one certain stream, wherever it is: a picture beside the room's own. */
import type { MediaGrant } from '@walnut-live/contracts';
import { grantedEndpoint } from './granted-endpoint.ts';
import { type SwitchingWatch, watchSwitching } from './switching-watch.ts';

/**
 * Starts to watch at once and follows the stream to other hosts: a grant names the host, so whoever comes back, or was asked
 * to move, asks for a new one.
 * @param open Makes one session; replaced in tests.
 */
export function watchGranted(
  first: MediaGrant,
  renew: () => Promise<MediaGrant>,
  open?: Parameters<typeof watchSwitching>[1],
): SwitchingWatch {
  let held: MediaGrant | null = first;
  return watchSwitching(
    grantedEndpoint(first, async (ask) => {
      const grant = held === null || ask?.moved ? await renew() : held;
      held = null;
      return grant;
    }),
    open,
  );
}
