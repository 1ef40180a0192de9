import { EmptyState } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useT } from '../i18n/index.ts';

export default function NotFoundPage(): ReactNode {
  const t = useT();
  return (
    <EmptyState
      illustration="search"
      title={t('not-found.title')}
      hint={t('not-found.hint')}
      action={<Link to="/">{t('not-found.back')}</Link>}
    />
  );
}
