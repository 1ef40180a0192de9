import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useT } from '../../i18n/index.ts';
import { useFilters } from '../../shared/filters.tsx';
import { Page } from '../../shared/page.tsx';
import { useMallT } from './mall-messages.ts';
import { MallPanel } from './mall-panel.tsx';
import { Products } from './products.tsx';
import { StockList } from './stock-list.tsx';
import './catalogue.css';

export default function CataloguePage(): ReactNode {
  const t = useT();
  const mallT = useMallT();
  const { may } = useSession();
  const filters = useFilters();
  const shown = ['products', 'stock', ...(may('catalogue:write') ? ['mall'] : [])];
  const current = shown.find((tab) => tab === filters.get('tab')) ?? 'products';
  return (
    <Page title={t('catalogue.title')} hint={t('catalogue.hint')}>
      <Tabs
        activeKey={current}
        onChange={(tab) => filters.set({ tab: tab === 'products' ? undefined : tab, q: undefined })}
        items={[
          { key: 'products', label: t('catalogue.products'), children: <Products filters={filters} /> },
          { key: 'stock', label: t('catalogue.stock'), children: <StockList /> },
          ...(may('catalogue:write') ? [{ key: 'mall', label: mallT('tab'), children: <MallPanel /> }] : []),
        ]}
      />
    </Page>
  );
}
