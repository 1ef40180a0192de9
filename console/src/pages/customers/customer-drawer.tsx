/** One customer: level with its history, points, and every tag with its rule and what was counted (rule N3). */
import { getCustomerPoints, getCustomerTags, getMembership } from '@walnut-live/contracts';
import { useFormat } from '@walnut-live/ui';
import { Button, Drawer } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { ContactLog } from '../invite-graph/contact-log.tsx';
import { GiveOne } from './give-one.tsx';
import { useCustomerT } from './messages.ts';
import { Tags } from './tags.tsx';
import './customers.css';
import '../invite-graph/graph.css';

export const CustomerDrawer = ({ id, name, onClose }: { id: string; name: string; onClose: () => void }): ReactNode => {
  const t = useCustomerT();
  const format = useFormat();
  const { may } = useSession();
  const [giving, setGiving] = useState(false);
  const params = { id };
  const tags = useCall(getCustomerTags, { params });
  const membership = useCall(getMembership, { params });
  const points = useCall(getCustomerPoints, { params });
  const money = (fen: number): string => format.money(fen, { fen: 'trim' });
  return (
    <Drawer
      open
      title={name}
      onClose={onClose}
      size="large"
      data-testid="customer"
      extra={
        may('coupons:write') && (
          <Button onClick={() => setGiving(true)} data-testid="customer-give">
            {t('give')}
          </Button>
        )
      }
    >
      {giving && <GiveOne person={{ id, name }} onClose={() => setGiving(false)} />}
      <section className="cu-part">
        <h3>{t('profile.why')}</h3>
        <AsyncView query={tags} skeleton={<TableSkeleton rows={2} />}>
          {({ items, checkedAt }) => (
            <>
              {checkedAt && <p className="co-quiet">{t('profile.checked', { at: format.dateTime(checkedAt) })}</p>}
              {items.length === 0 && <p className="co-quiet">{t('profile.noTags')}</p>}
              <Tags items={items} />
            </>
          )}
        </AsyncView>
      </section>
      {may('customers:contact') && (
        <section className="cu-part">
          <h3>{t('profile.contacts')}</h3>
          <ContactLog personId={id} />
        </section>
      )}
      <section className="cu-part">
        <h3>{t('level')}</h3>
        <AsyncView query={membership} skeleton={<TableSkeleton rows={2} />}>
          {({ membership: { level, spendFen, history, rules } }) => (
            <>
              <p>
                <b>{level?.name ?? t('level.none')}</b> · {t('spend')} {money(spendFen)}
              </p>
              <h4>{t('profile.history')}</h4>
              {history.length === 0 && <p className="co-quiet">{t('profile.noHistory')}</p>}
              <ul className="cu-lines">
                {history.map((move) => {
                  const nameOf = (rank: number): string =>
                    rank === 0
                      ? t('level.none')
                      : (rules?.levels.find((one) => one.rank === rank)?.name ?? String(rank));
                  return (
                    <li key={move.at + move.to}>
                      <span>
                        {nameOf(move.from)} → {nameOf(move.to)} · {t(`reason.${move.reason}`)}
                      </span>
                      <small>
                        {money(move.spendFen)} · {format.dateTime(move.at)}
                      </small>
                    </li>
                  );
                })}
              </ul>
            </>
          )}
        </AsyncView>
      </section>
      <section className="cu-part">
        <h3>{t('profile.points')}</h3>
        <AsyncView query={points} skeleton={<TableSkeleton rows={2} />}>
          {({ balance, ending, entries }) => (
            <>
              <p>
                <b>{t('profile.balance', { points: format.number(balance) })}</b>
                {ending[0] &&
                  ` · ${t('profile.ending', { points: format.number(ending[0].points), at: format.date(ending[0].at) })}`}
              </p>
              {entries.length === 0 && <p className="co-quiet">{t('profile.noPoints')}</p>}
              <ul className="cu-lines">
                {entries.map((entry) => (
                  <li key={entry.id}>
                    <span>
                      {t(`kind.${entry.kind}`)} · {entry.title}
                    </span>
                    <small>
                      {entry.points > 0 ? '+' : ''}
                      {format.number(entry.points)} · {format.dateTime(entry.at)}
                    </small>
                  </li>
                ))}
              </ul>
            </>
          )}
        </AsyncView>
      </section>
    </Drawer>
  );
};
