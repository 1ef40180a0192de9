import type { SharerCredit } from '@walnut-live/contracts';
import { Badge, useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useT } from '../../i18n/index.ts';
import { Panel } from '../../shared/page.tsx';
import { CommissionEntries } from '../../shared/why-panel.tsx';
import { AppealDialog } from './appeal-dialog.tsx';
import { appealTones } from './appeals.tsx';
import { useAttributionT } from './messages.ts';

/** An order of another store that the reader's share brought, or nearly did. */
export const PartyView = ({ credit }: { credit: SharerCredit }): ReactNode => {
  const t = useAttributionT();
  const common = useT();
  const format = useFormat();
  const [appealing, setAppealing] = useState(false);
  return (
    <div className="co-credit" data-testid="party-credit">
      <div className="co-credit-verdict">
        <p className="co-why-verdict">
          {t(credit.mine ? 'mine.yes' : 'mine.no')} · {common(`reason.${credit.reason}`)}
        </p>
      </div>
      <div>
        <Panel title={t('credit.candidates')}>
          <ul className="co-credit-list">
            {credit.considered
              .filter(({ why }) => why !== 'none')
              .map((one, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a frozen list
                <li key={index} data-testid="party-step" data-mine={one.mine}>
                  <span>
                    <b>{t(one.mine ? 'mine.you' : 'mine.others')}</b> · {common(`reason.${one.reason}`)}{' '}
                    {one.won && <Badge tone="success">{common('why.won')}</Badge>}
                  </span>
                  {!one.won && <span>{common(`why.${one.why}`)}</span>}
                  {one.at !== null && <small className="co-quiet">{format.dateTime(one.at)}</small>}
                </li>
              ))}
          </ul>
        </Panel>
      </div>
      <div>
        <Panel title={t('mine.buyer')}>
          <p>
            <b>{credit.buyerName}</b> · {credit.roomTitle}
          </p>
          <p className="co-quiet">
            {format.dateTime(credit.placedAt)} · {t('version', { n: credit.ruleVersion })}
          </p>
        </Panel>
        <Panel title={t('mine.commission')}>
          {credit.commission.length === 0 ? (
            <p className="co-quiet">{t('credit.commission.none')}</p>
          ) : (
            <CommissionEntries entries={credit.commission} />
          )}
        </Panel>
        <Panel
          title={t('credit.appeals')}
          extra={
            credit.mayAppeal && (
              <Button size="small" onClick={() => setAppealing(true)} data-testid="appeal-open">
                {t('appeal.do')}
              </Button>
            )
          }
        >
          {credit.appeals.length === 0 && <p className="co-quiet">{t('credit.appeals.none')}</p>}
          <ul className="co-credit-list">
            {credit.appeals.map((appeal) => (
              <li key={appeal.id}>
                <span>
                  <Badge tone={appealTones[appeal.state]}>{t(`appeal.${appeal.state}`)}</Badge> {appeal.text}
                </span>
                {appeal.answer !== null && <span>{appeal.answer}</span>}
                <small className="co-quiet">{format.dateTime(appeal.at)}</small>
              </li>
            ))}
          </ul>
        </Panel>
      </div>
      {appealing && <AppealDialog credit={credit} onClose={() => setAppealing(false)} />}
    </div>
  );
};
