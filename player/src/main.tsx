import { createApi, createPendingActions } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import { safeSessionStorage } from '@walnut-live/ui';
import '@walnut-live/ui/styles.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { headStartFetch } from './head-start.ts';
import { enterEarly } from './room/use-room.ts';
import { createTracedFetch } from './traced-fetch.ts';

const api = createApi({ audience: 'consumer', fetch: createTracedFetch(headStartFetch) });
const pending = createPendingActions({ storage: safeSessionStorage() });

/** The first picture of a room is the room, when it comes this soon; otherwise its outline. */
const ROOM_MS = 300;
const loaded = async (room: RoomSession | null): Promise<void> => {
  if (!room) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ROOM_MS);
    const undo = room.subscribe(() => {
      if (!room.get().loaded) return;
      clearTimeout(timer);
      undo();
      resolve();
    });
  });
};

const root = document.getElementById('root');
if (root) {
  void loaded(enterEarly(api, location.pathname)).then(() =>
    createRoot(root).render(
      <StrictMode>
        <App api={api} pending={pending} />
      </StrictMode>,
    ),
  );
}
