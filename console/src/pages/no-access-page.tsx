import { EmptyState } from '@walnut-live/ui';
import { type ReactNode, useEffect } from 'react';
import { Link } from 'react-router';
import type { Place } from '../app/navigation.tsx';
import { useSession } from '../app/session.tsx';
import { useT } from '../i18n/index.ts';

/** A place that is there, but not for this role: said before anything is asked of the api. */
export const NoAccessPage = ({ place }: { place: Place }): ReactNode => {
  const t = useT();
  const { staff } = useSession();
  const name = t(place.label);
  useEffect(() => {
    document.title = `${name} · ${t('brand.name')}`;
  }, [name, t]);
  return (
    <div data-testid="no-access">
      <EmptyState
        illustration="search"
        title={t('no-access.title', { place: name })}
        hint={t('no-access.hint', { role: t(`role.${staff.role}`) })}
        action={<Link to="/">{t('not-found.back')}</Link>}
      />
    </div>
  );
};
