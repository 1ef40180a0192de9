import { createApi, createPendingActions } from '@walnut-live/live-client/http';
import { AppErrorBoundary, safeLocalStorage, safeSessionStorage, UiProvider } from '@walnut-live/ui';
import '@walnut-live/ui/styles.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { App } from './app/app.tsx';
import { createQueryClient } from './app/queries.ts';
import { ServicesProvider } from './app/services.tsx';
import { createCapture } from './capture/capture.ts';
import './app/app.css';

const api = createApi({
  audience: 'staff',
  onUnexpectedReply: (routeId, error) => console.error(`unexpected reply of ${routeId}`, error),
});
const capture = createCapture({
  // The types promise it, insecure pages do not have it.
  mediaDevices: navigator.mediaDevices as MediaDevices | undefined,
  permissions: navigator.permissions as Permissions | undefined,
  isSecureContext,
  storage: safeLocalStorage(),
});
const pending = createPendingActions({ storage: safeSessionStorage() });
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <UiProvider>
        <ServicesProvider services={{ api, capture, pending }}>
          <BrowserRouter basename="/studio">
            <AppErrorBoundary>
              <App />
            </AppErrorBoundary>
          </BrowserRouter>
        </ServicesProvider>
      </UiProvider>
    </QueryClientProvider>
  </StrictMode>,
);
