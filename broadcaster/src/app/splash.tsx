import { BrandMark, Spinner } from '@walnut-live/ui';
import type { ReactNode } from 'react';

export const Splash = (): ReactNode => (
  <div className="st-splash">
    <BrandMark size={72} />
    <Spinner />
  </div>
);
