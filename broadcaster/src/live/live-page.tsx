import { useQuery } from '@tanstack/react-query';
import { ErrorState } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { Navigate, useParams } from 'react-router';
import { roomQuery } from '../app/queries.ts';
import { useServices } from '../app/services.tsx';
import { Splash } from '../app/splash.tsx';
import { EndedPage } from './ended-page.tsx';
import { LiveStudio } from './live-studio.tsx';

/** One address for a live from its start to its summary: what is shown follows the room's state. */
export const LivePage = (): ReactNode => {
  const { id = '' } = useParams();
  const { api } = useServices();
  const room = useQuery({ ...roomQuery(api, id), staleTime: 0 });
  if (room.isError && !room.data)
    return (
      <main className="st-center">
        <ErrorState error={room.error} onRetry={() => void room.refetch()} retrying={room.isFetching} />
      </main>
    );
  if (!room.data) return <Splash />;
  if (room.data.state === 'scheduled') return <Navigate to={`/rooms/${id}/prepare`} replace />;
  if (room.data.state === 'ended') return <EndedPage room={room.data} />;
  return <LiveStudio key={id} room={room.data} onEnded={() => void room.refetch()} />;
};
