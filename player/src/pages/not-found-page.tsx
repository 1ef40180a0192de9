import { EmptyState } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { playerI18n } from '../i18n/messages.ts';
import { Page } from './page.tsx';

const NotFoundPage = (): ReactNode => {
  const t = playerI18n.useT();
  return (
    <Page title={t('notFound.page')}>
      <EmptyState
        illustration="search"
        title={t('notFound.page')}
        hint={t('notFound.pageHint')}
        action={
          <Link to="/" className="wl-btn wl-btn-primary wl-btn-m">
            {t('ended.more')}
          </Link>
        }
      />
    </Page>
  );
};

export default NotFoundPage;
