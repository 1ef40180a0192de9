/** Tags of a customer, each with its rule and what was counted (rule N3). */
import type { CustomerTag } from '@walnut-live/contracts';
import { Badge, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useCustomerT } from './messages.ts';
import './customers.css';

export const Tags = ({ items }: { items: readonly CustomerTag[] }): ReactNode => {
  const t = useCustomerT();
  const format = useFormat();
  return (
    <ul className="cu-tags">
      {items.map((tag) => (
        <li key={`${tag.ruleId}:${tag.since}`} data-ended={tag.endedAt !== null} data-testid="tag">
          <span className="co-inline">
            <Badge tone={tag.endedAt ? 'neutral' : 'success'}>{tag.name}</Badge>
            <small>
              {tag.endedAt
                ? t('profile.ended', { at: format.date(tag.endedAt) })
                : t('profile.since', { at: format.date(tag.since) })}
              {' · '}
              {t('profile.rule', { version: tag.ruleVersion })}
            </small>
          </span>
          {tag.why.map((fact) => (
            <span key={`${fact.metric}:${fact.days}:${fact.op}`}>
              {t('fact', {
                metric: t(`metric.${fact.metric}`),
                days: fact.days,
                counted: format.number(fact.counted),
                op: t(`op.${fact.op}`),
                value: format.number(fact.value),
              })}
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
};
