import type { OrderState } from '@walnut-live/contracts';
import { type ReactNode, useDeferredValue, useId } from 'react';
import { useSearchParams } from 'react-router';
import { useMe } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { TabBar } from '../today/today-page.tsx';
import { OrderList } from './order-list.tsx';
import './orders.css';

const filters = [
  'paid',
  'pending_payment',
  'shipped',
  'received',
  'refunding',
  'refunded',
] as const satisfies OrderState[];

/** Orders of my store; the address holds the filter. */
export const OrdersPage = (): ReactNode => {
  const t = useT();
  const me = useMe();
  const name = useId();
  const [params, setParams] = useSearchParams();
  const wanted = params.get('state');
  const state = filters.find((option) => option === wanted);
  const search = params.get('q') ?? '';
  const settled = useDeferredValue(search.trim());

  const set = (key: 'state' | 'q', value: string): void =>
    setParams(
      (before) => {
        if (value) before.set(key, value);
        else before.delete(key);
        return before;
      },
      { replace: true },
    );

  return (
    <main className="st-page">
      <header className="st-orders-head">
        <h1>{t('orders.store')}</h1>
        <p className="st-hint">{me.staff?.orgUnit.name}</p>
      </header>
      <input
        className="st-input"
        type="search"
        value={search}
        maxLength={40}
        placeholder={t('orders.search')}
        aria-label={t('orders.search')}
        onChange={(event) => set('q', event.target.value)}
      />
      <fieldset className="st-fieldset st-orders-filter">
        <legend className="wl-visually-hidden">{t('orders.title')}</legend>
        <div className="st-chips">
          {[undefined, ...filters].map((option) => (
            <label key={option ?? 'all'} className="st-chip">
              <input type="radio" name={name} checked={state === option} onChange={() => set('state', option ?? '')} />
              <span>{option ? t(`orders.state.${option}`) : t('orders.all')}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <OrderList filter={{ ...(state ? { state } : {}), ...(settled ? { search: settled } : {}) }} />
      <TabBar />
    </main>
  );
};
