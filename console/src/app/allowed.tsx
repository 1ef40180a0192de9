import type { ReactNode } from 'react';
import { useLocation } from 'react-router';
import { NoAccessPage } from '../pages/no-access-page.tsx';
import { placeOf } from './navigation.tsx';
import { useSession } from './session.tsx';

/** What the menu keeps from a role is not opened by its address either, and the page says why. */
export const Allowed = ({ children }: { children: ReactNode }): ReactNode => {
  const { may } = useSession();
  const place = placeOf(useLocation().pathname);
  return place && !may(place.needs) ? <NoAccessPage place={place} /> : children;
};
