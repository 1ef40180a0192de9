import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { Page } from '../../shared/page.tsx';
import { GiftCatalogue } from './gift-catalogue.tsx';
import { GiftPolicy } from './gift-policy.tsx';
import { GiftReport } from './gift-report.tsx';
import { useGiftT } from './messages.ts';
import { Wallets } from './wallets.tsx';
import './gifts.css';

/** Gifts for headquarters and stores; what a role may not do it does not see. The tab stands in the URL. */
export default function GiftsPage(): ReactNode {
  const t = useGiftT();
  const { may } = useSession();
  const [params, setParams] = useSearchParams();
  const tabs = [
    { key: 'report', label: t('tab.report'), children: <GiftReport /> },
    ...(may('catalogue:read') ? [{ key: 'catalogue', label: t('tab.catalogue'), children: <GiftCatalogue /> }] : []),
    { key: 'policy', label: t('tab.policy'), children: <GiftPolicy /> },
    ...(may('wallets:refund') ? [{ key: 'wallets', label: t('tab.wallets'), children: <Wallets /> }] : []),
  ];
  const wanted = params.get('tab');
  const active = tabs.some(({ key }) => key === wanted) ? (wanted ?? 'report') : 'report';
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Tabs
        activeKey={active}
        destroyOnHidden
        items={tabs}
        onChange={(tab) => setParams(tab === 'report' ? {} : { tab }, { replace: true })}
      />
    </Page>
  );
}
