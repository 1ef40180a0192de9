import {
  CloseOutlined,
  DownOutlined,
  GlobalOutlined,
  LogoutOutlined,
  MenuOutlined,
  VideoCameraOutlined,
} from '@ant-design/icons';
import { Avatar, BrandMark, useLocale } from '@walnut-live/ui';
import { Button, Drawer, Dropdown } from 'antd';
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useState } from 'react';
import { useLocation, useNavigationType } from 'react-router';
import { useT } from '../i18n/index.ts';
import { Menu } from './menu.tsx';
import { groupsFor } from './navigation.tsx';
import { useOpenGroups } from './open-groups.ts';
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

const Account = (): ReactNode => {
  const t = useT();
  const { api, me, staff, may } = useSession();
  const { locale, setLocale } = useLocale();
  const other = locale === 'zh-CN' ? 'en' : 'zh-CN';
  return (
    <Dropdown
      trigger={['click']}
      placement="topRight"
      menu={{
        items: [
          ...(may('rooms:operate')
            ? [
                {
                  key: 'studio',
                  icon: <VideoCameraOutlined />,
                  label: <a href="/studio/">{t(may('rooms:write') ? 'account.studio' : 'account.assist')}</a>,
                },
              ]
            : []),
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

/** Below a list these are pages of their own, anything else under its path opens over it. */
const OWN_PAGE = /^\/(?:rooms\/[^/]+|settlements\/[^/]+|orders\/[^/]+\/credit)/;
/** What has a top of its own. */
export const placeOf = (pathname: string): string =>
  OWN_PAGE.exec(pathname)?.[0] ?? pathname.split('/').slice(0, 2).join('/');

/** Menu at the side on a desk, behind a button on a phone. */
export const Shell = ({ children }: { children: ReactNode }): ReactNode => {
  const t = useT();
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  const { may, me } = useSession();
  const groups = useMemo(() => groupsFor(may), [may]);
  const state = useOpenGroups(groups, pathname, me.id);
  const menu = <Menu groups={groups} state={state} />;
  // biome-ignore lint/correctness/useExhaustiveDependencies: going anywhere closes the menu
  useEffect(() => setOpen(false), [pathname]);
  // Another place begins at its top; what opens over one leaves it where it is, and so does the way back.
  const kind = useNavigationType();
  const place = placeOf(pathname);
  // biome-ignore lint/correctness/useExhaustiveDependencies: arriving is what this is about
  useLayoutEffect(() => {
    if (kind !== 'POP') scrollTo(0, 0);
  }, [place]);
  return (
    <div className="co-shell">
      <a className="co-skip" href="#content">
        {t('nav.skip')}
      </a>
      <aside className="co-side" aria-label={t('brand.console')}>
        <Brand />
        {menu}
        <Account />
      </aside>
      <header className="co-bar">
        <Button
          type="text"
          icon={<MenuOutlined />}
          aria-label={t('nav.open')}
          aria-haspopup="dialog"
          aria-expanded={open}
          onClick={() => setOpen(true)}
          data-testid="menu-open"
        />
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
          <div className="co-side-top">
            <Brand />
            <Button
              type="text"
              icon={<CloseOutlined />}
              aria-label={t('nav.close')}
              onClick={() => setOpen(false)}
              data-testid="menu-close"
            />
          </div>
          {menu}
          <Account />
        </div>
      </Drawer>
      <main id="content" className="co-main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
};
