/** Whom to speak with next and why: a guide's own customers, a manager's store; on a phone as well. */
import { contactNext, type ReplyOf } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Drawer } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { ContactLog } from './contact-log.tsx';
import { useContactReasonText } from './facts.ts';
import { useGraphT } from './messages.ts';
import './graph.css';
import './contacts.css';

const SHOWN = 50;
const REFRESH_MS = 60_000;
type Row = ReplyOf<typeof contactNext>['items'][number];

const Card = ({ row, onOpen }: { row: Row; onOpen: () => void }): ReactNode => {
  const t = useGraphT();
  const format = useFormat();
  const reason = useContactReasonText();
  const money = (fen: number): string => format.money(fen, { fen: 'trim' });
  const { person, store, below, own, reasons, lastContact } = row;
  return (
    <li data-testid="contact-next">
      <div className="ng-next-head">
        <span className="co-stacked co-start">
          <b>{person.name}</b>
          <small>{store}</small>
        </span>
        <Button type="primary" ghost onClick={onOpen} data-testid="contact-open">
          {t('contacts.open')}
        </Button>
      </div>
      <ul className="ng-reasons">
        {reasons.map((one) => (
          <li key={one.code}>
            <Badge tone={one.code === 'promised' ? 'hot' : 'success'}>{reason(one)}</Badge>
          </li>
        ))}
      </ul>
      <small>
        {t('row.below', {
          people: format.count(below.people),
          orders: format.count(below.orders),
          gmv: money(below.gmvFen - below.refundedFen),
        })}
        {' · '}
        {t('row.own', { orders: format.count(own.orders), gmv: money(own.gmvFen - own.refundedFen) })}
      </small>
      <small>
        {lastContact
          ? t('contacts.last', { by: lastContact.by.name, at: format.date(lastContact.at) })
          : t('contacts.never')}
      </small>
    </li>
  );
};

export default function ContactsPage(): ReactNode {
  const t = useGraphT();
  const { may } = useSession();
  const [open, setOpen] = useState<Row['person'] | null>(null);
  const query = useCall(contactNext, { query: { limit: SHOWN } }, { everyMs: REFRESH_MS });
  return (
    <Page title={t('contacts.title')} hint={t('contacts.hint')} actions={<Freshness query={query} />}>
      <Panel>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton />}
          isEmpty={({ items }) => items.length === 0}
          empty={<EmptyState illustration="people" title={t('contacts.none')} hint={t('contacts.noneHint')} />}
        >
          {({ items }) => (
            <ul className="ng-next">
              {items.map((row) => (
                <Card key={row.person.id} row={row} onOpen={() => setOpen(row.person)} />
              ))}
            </ul>
          )}
        </AsyncView>
      </Panel>
      {open && (
        <Drawer
          open
          title={open.name}
          size="large"
          rootClassName="co-drawer"
          onClose={() => setOpen(null)}
          data-testid="contact-drawer"
          extra={may('customers:read') && <Link to={`/invite-graph?person=${open.id}`}>{t('contacts.graph')}</Link>}
        >
          <ContactLog personId={open.id} />
        </Drawer>
      )}
    </Page>
  );
}
