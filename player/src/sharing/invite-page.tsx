import type { ReactNode } from 'react';
import { Page } from '../pages/page.tsx';
import { ContactsCards } from './contacts.tsx';
import { useSharingT } from './messages.ts';
import { Newcomer } from './newcomer.tsx';
import { Ranking, Tasks } from './tasks.tsx';

/** Everything that inviting brings, and the ways onward. */
const InvitePage = (): ReactNode => {
  const t = useSharingT();
  return (
    <Page title={t('more.title')}>
      <div className="pl-me">
        <Newcomer link={false} />
        <Tasks />
        <ContactsCards />
        <Ranking />
      </div>
    </Page>
  );
};
export default InvitePage;
