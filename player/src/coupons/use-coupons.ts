import { myCoupons } from '@walnut-live/contracts';
import { useServices } from '../app/services.tsx';
import { useMine } from '../interaction/use-mine.ts';
import { useRoom } from '../room/use-room.ts';

/** More than anybody has in one store. */
const MOST = 100;

/** What an order in this room could take now; empty while it is asked, and for those who are not signed in. */
export const useRoomCoupons = () => {
  const { api } = useServices();
  const roomId = useRoom((state) => state.roomId);
  const { mine, again } = useMine(`coupons ${roomId}`, () => api.call(myCoupons, { query: { roomId, limit: MOST } }));
  return { coupons: mine?.items ?? [], again };
};
