/** The menu: groups that fold, each a button that says whether it stands open, above a list of links. */
import { DownOutlined } from '@ant-design/icons';
import { listAlerts } from '@walnut-live/contracts';
import { cx } from '@walnut-live/ui';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { NavLink, useLocation } from 'react-router';
import { useCall } from '../data/use-call.ts';
import { useT } from '../i18n/index.ts';
import type { Group } from './navigation.tsx';
import type { OpenGroups } from './open-groups.ts';

const ALERTS_EVERY_MS = 30_000;
const ALERTS = '/alerts';
const MOST_SHOWN = 99;

const OpenAlerts = (): ReactNode => {
  const t = useT();
  const { data } = useCall(listAlerts, { query: { limit: 1 } }, { everyMs: ALERTS_EVERY_MS });
  if (!data?.open) return null;
  return (
    <b className="co-menu-badge wl-number" data-testid="alerts-open">
      {data.open > MOST_SHOWN ? `${MOST_SHOWN}+` : data.open}
      <span className="wl-visually-hidden"> {t('nav.alerts.open')}</span>
    </b>
  );
};

export const Menu = ({ groups, state }: { groups: readonly Group[]; state: OpenGroups }): ReactNode => {
  const t = useT();
  const menu = useId();
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: going anywhere is what this is about
  useEffect(() => {
    nav.current?.querySelector('[aria-current="page"]')?.scrollIntoView?.({ block: 'nearest' });
  }, [pathname, state.current]);
  return (
    <nav ref={nav} className="co-menu" aria-label={t('nav.label')}>
      <ul>
        {groups.map(({ id, label, places }) => {
          const isOpen = state.isOpen(id);
          const hasAlerts = places.some(({ path }) => path === ALERTS);
          return (
            <li key={id}>
              <button
                type="button"
                className={cx('co-menu-group', state.current === id && 'co-menu-group-current')}
                aria-expanded={isOpen}
                aria-controls={`${menu}-${id}`}
                onClick={() => state.toggle(id)}
                data-testid={`menu-${id}`}
              >
                {t(label)}
                {hasAlerts && !isOpen && <OpenAlerts />}
                <DownOutlined className="co-menu-fold" />
              </button>
              <ul id={`${menu}-${id}`} hidden={!isOpen}>
                {places.map((place) => (
                  <li key={place.path}>
                    <NavLink to={place.path} className="co-menu-item">
                      <span className="co-menu-icon" aria-hidden>
                        {place.icon}
                      </span>
                      {t(place.label)}
                      {place.path === ALERTS && isOpen && <OpenAlerts />}
                    </NavLink>
                  </li>
                ))}
              </ul>
            </li>
          );
        })}
      </ul>
    </nav>
  );
};
