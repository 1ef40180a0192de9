import { DownOutlined, GlobalOutlined, LogoutOutlined, MenuOutlined } from '@ant-design/icons';
import { listAlerts } from '@walnut-live/contracts';
import { Avatar, BrandMark, useLocale } from '@walnut-live/ui';
import { Button, Drawer, Dropdown } from 'antd';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { NavLink, useLocation } from 'react-router';
import { useCall } from '../data/use-call.ts';
import { useT } from '../i18n/index.ts';
import { placesFor } from './navigation.tsx';
import { useSession } from './session.tsx';

const Brand = (): ReactNode => {
  const t = useT();
  return (
    <div className="co-brand">
      <BrandMark size={34} />
      <span>
        <strong>{t('brand.name')}</strong>
        <small>{t('brand.console')}</small>
      </span>
    </div>
  );
};

const ALERTS_EVERY_MS = 30_000;
const OpenAlerts = (): ReactNode => {
  const { data } = useCall(listAlerts, { query: { limit: 1 } }, { everyMs: ALERTS_EVERY_MS });
  if (!data?.open) return null;
  return (
    <b className="co-menu-badge wl-number" data-testid="alerts-open">
      {data.open > 99 ? '99+' : data.open}
    </b>
  );
};

const Menu = (): ReactNode => {
  const t = useT();
  const { may } = useSession();
  const { pathname } = useLocation();
  const menu = useRef<HTMLElement>(null);
  // Where one is, is in sight, however long the menu.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path marks another item
  useEffect(() => {
    menu.current?.querySelector('[aria-current="page"]')?.scrollIntoView?.({ block: 'nearest' });
  }, [pathname]);
  return (
    <nav ref={menu} className="co-menu" aria-label={t('nav.label')}>
      {placesFor(may).map((place) => (
        <NavLink key={place.path} to={place.path} className="co-menu-item">
          <span className="co-menu-icon">{place.icon}</span>
          {t(place.label)}
          {place.path === '/alerts' && <OpenAlerts />}
        </NavLink>
      ))}
    </nav>
  );
};

const Account = (): ReactNode => {
  const t = useT();
  const { api, me, staff } = useSession();
  const { locale, setLocale } = useLocale();
  const other = locale === 'zh-CN' ? 'en' : 'zh-CN';
  return (
    <Dropdown
      trigger={['click']}
      placement="topRight"
      menu={{
        items: [
          { key: 'language', icon: <GlobalOutlined />, label: t('account.language'), onClick: () => setLocale(other) },
          { type: 'divider' },
          {
            key: 'sign-out',
            icon: <LogoutOutlined />,
            label: t('account.sign-out'),
            onClick: () => void api.signOut().catch(() => undefined),
          },
        ],
      }}
    >
      <button type="button" className="co-account" data-testid="account-menu">
        <Avatar name={me.name} size={34} />
        <span className="co-account-who">
          <strong>{me.name}</strong>
          <small>
            {t(`role.${staff.role}`)} · {staff.orgUnit.name}
          </small>
        </span>
        <DownOutlined className="co-account-more" />
      </button>
    </Dropdown>
  );
};

/** Menu at the side on a desk, behind a button on a phone. */
export const Shell = ({ children }: { children: ReactNode }): ReactNode => {
  const t = useT();
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: going anywhere closes the menu
  useEffect(() => setOpen(false), [pathname]);
  return (
    <div className="co-shell">
      <a className="co-skip" href="#content">
        {t('nav.skip')}
      </a>
      <aside className="co-side">
        <Brand />
        <Menu />
        <Account />
      </aside>
      <header className="co-bar">
        <Button type="text" icon={<MenuOutlined />} aria-label={t('nav.open')} onClick={() => setOpen(true)} />
        <BrandMark size={28} />
        <strong>{t('brand.name')}</strong>
      </header>
      <Drawer
        open={open}
        onClose={() => setOpen(false)}
        placement="left"
        size={272}
        closable={false}
        rootClassName="co-side-drawer"
        aria-label={t('nav.label')}
      >
        <div className="co-side co-side-inside">
          <Brand />
          <Menu />
          <Account />
        </div>
      </Drawer>
      <main id="content" className="co-main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
};
