import { AppErrorBoundary, lazyWithRetry } from '@walnut-live/ui';
import { type ReactNode, Suspense, useState } from 'react';
import { useRoom } from '../room/use-room.ts';

// A room that plays is not reloaded for it; the boundary offers that.
const RoomPlays = lazyWithRetry(() => import('./room-plays.tsx'), { mayReload: false });

/** Draws, red packets and coupon drops; fetched when the room has one. */
export const Plays = (): ReactNode => {
  const { draw, redPacket, couponDrop } = useRoom((state) => state.interaction);
  const [given, setGiven] = useState<string | null>(null);
  const playing = draw?.id ?? redPacket?.id ?? couponDrop?.id ?? null;
  if (playing === null || playing === given) return null;
  return (
    <AppErrorBoundary compact className="pl-failed" onClose={() => setGiven(playing)}>
      <Suspense fallback={null}>
        <RoomPlays />
      </Suspense>
    </AppErrorBoundary>
  );
};
