/** People as buttons: a name, what stands below, what they bought. The same wherever people of the network are listed. */
import type { NetworkPerson } from '@walnut-live/contracts';
import { Badge, type BadgeTone, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useGraphT } from './messages.ts';

const tones: Record<NetworkPerson['role'], BadgeTone> = { staff: 'brand', consumer: 'success', guest: 'warn' };

export const RoleBadge = ({ role }: { role: NetworkPerson['role'] }): ReactNode => {
  const t = useGraphT();
  return <Badge tone={tones[role]}>{t(`role.${role}`)}</Badge>;
};

export const PeopleList = ({
  items,
  onOpen,
  current,
  numbered = false,
  testId = 'network-person',
}: {
  items: readonly NetworkPerson[];
  onOpen: (id: string) => void;
  current?: string | undefined;
  numbered?: boolean;
  testId?: string;
}): ReactNode => {
  const t = useGraphT();
  const format = useFormat();
  const money = (fen: number): string => format.money(fen, { fen: 'trim' });
  return (
    <ol className="ng-people">
      {items.map(({ person, role, store, below, own }, at) => (
        <li key={person.id}>
          <button
            type="button"
            onClick={() => onOpen(person.id)}
            aria-current={current === person.id ? 'true' : undefined}
            data-testid={testId}
          >
            {numbered && <span className="ng-rank wl-number">{at + 1}</span>}
            <span className="ng-people-text">
              <span className="co-inline">
                <b>{person.name}</b>
                <RoleBadge role={role} />
                {store && <small>{store}</small>}
              </span>
              <small>
                {below.people > 0
                  ? t('row.below', {
                      people: format.count(below.people),
                      orders: format.count(below.orders),
                      gmv: money(below.gmvFen - below.refundedFen),
                    })
                  : t('row.own', { orders: format.count(own.orders), gmv: money(own.gmvFen - own.refundedFen) })}
              </small>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
};
