import type { ReactNode } from 'react';
import type { Locale } from '../i18n/locale.ts';
import { LocaleProvider } from '../i18n/locale-provider.tsx';
import { ConfirmProvider } from './dialog.tsx';
import { LayersProvider } from './layers.tsx';
import { ToastProvider } from './toast.tsx';

/** Put it once around the app: language, layers (back gesture), toasts, confirm questions. */
export const UiProvider = ({ children, locale }: { children: ReactNode; locale?: Locale }): ReactNode => (
  <LocaleProvider {...(locale ? { initial: locale } : {})}>
    <LayersProvider>
      <ToastProvider>
        <ConfirmProvider>{children}</ConfirmProvider>
      </ToastProvider>
    </LayersProvider>
  </LocaleProvider>
);
