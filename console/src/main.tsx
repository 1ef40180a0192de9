import { createApi, createPendingActions } from '@walnut-live/live-client/http';
import { safeSessionStorage } from '@walnut-live/ui';
import '@walnut-live/ui/styles.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';

const api = createApi({ audience: 'staff' });
const pending = createPendingActions({ storage: safeSessionStorage() });

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App api={api} pending={pending} />
    </StrictMode>,
  );
}
