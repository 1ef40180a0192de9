import { IconButton } from '@walnut-live/ui';
import { ChevronLeft, House, Receipt, UserRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { NavLink, useNavigate } from 'react-router';
import { QueryHost } from '../app/query-host.tsx';
import { useDocumentTitle } from '../app/use-document-title.ts';
import { playerI18n } from '../i18n/messages.ts';
import './page.css';

/** The frame of every page outside a room: title, way back or the three tabs, one column. */
export const Page = ({
  title,
  children,
  tabs = false,
  backTo = '/',
  wide = false,
}: {
  title: string;
  children: ReactNode;
  /** One of the three main pages: tabs instead of a way back. */
  tabs?: boolean;
  /** Where "back" leads when this page was opened directly. */
  backTo?: string;
  /** Uses a wide screen's width (shelves), instead of one reading column. */
  wide?: boolean;
}): ReactNode => {
  const t = playerI18n.useT();
  const navigate = useNavigate();
  useDocumentTitle(`${title} · ${t('app.title')}`);
  const back = (): void => {
    const { idx } = (history.state ?? {}) as { idx?: number };
    void (idx ? navigate(-1) : navigate(backTo));
  };
  return (
    <QueryHost>
      <div className="pl-page" data-wide={wide}>
        <header className="pl-page-head">
          {tabs ? (
            <img src="/favicon.svg" alt="" width={30} height={30} className="pl-page-mark" />
          ) : (
            <IconButton label={t('page.back')} icon={<ChevronLeft size={24} />} onClick={back} />
          )}
          <h1>{title}</h1>
          {tabs && <Tabs />}
        </header>
        <main className="pl-page-main">{children}</main>
      </div>
    </QueryHost>
  );
};

const Tabs = (): ReactNode => {
  const t = playerI18n.useT();
  const tabs = [
    { to: '/', icon: <House size={22} />, label: t('shelf.tab') },
    { to: '/orders', icon: <Receipt size={22} />, label: t('orders.title') },
    { to: '/me', icon: <UserRound size={22} />, label: t('me.title') },
  ];
  return (
    <nav className="pl-tabs" aria-label={t('page.tabs')}>
      {tabs.map(({ to, icon, label }) => (
        <NavLink key={to} to={to} end>
          {icon}
          <span>{label}</span>
        </NavLink>
      ))}
    </nav>
  );
};
