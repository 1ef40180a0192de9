import { CloseOutlined, PlusOutlined } from '@ant-design/icons';
import {
  COMMISSION_FREEZE_DAYS,
  COMMISSION_LINES_MAX,
  COMMISSION_LOCK_DAYS,
  COMMISSION_NOTICE_DAYS,
  COMMISSION_TIERS_MAX,
  CommissionInviterRole,
  type CommissionTerms,
  listOrgUnits,
  listProducts,
  productRoles,
} from '@walnut-live/contracts';
import { Button, InputNumber, Select, Switch } from 'antd';
import { type ReactNode, useState } from 'react';
import { useCall } from '../../data/use-call.ts';
import { useCommissionT } from './messages.ts';
import './commission.css';

const BPS_PER_PERCENT = 100;
const FEN_PER_YUAN = 100;
const PRODUCTS = 50;
const MEMBER_LEVELS = 4;
type Line = CommissionTerms['rates'][number];

const Percent = ({
  value,
  label,
  onChange,
}: {
  value: number | undefined;
  label: string;
  onChange: (bps: number | undefined) => void;
}): ReactNode => (
  <InputNumber
    aria-label={label}
    min={0}
    max={100}
    precision={2}
    value={value === undefined ? null : value / BPS_PER_PERCENT}
    onChange={(percent) => onChange(percent === null ? undefined : Math.round(percent * BPS_PER_PERCENT))}
  />
);
const Yuan = ({
  value,
  label,
  onChange,
}: {
  value: number | undefined;
  label: string;
  onChange: (fen: number | undefined) => void;
}): ReactNode => (
  <InputNumber
    aria-label={label}
    min={0.01}
    precision={2}
    value={value === undefined ? null : value / FEN_PER_YUAN}
    onChange={(yuan) => onChange(yuan === null ? undefined : Math.round(yuan * FEN_PER_YUAN))}
  />
);
/** Without what is not asked: a line says only what it means. */
const lean = (line: Line): Line =>
  Object.fromEntries(Object.entries(line).filter(([, value]) => value !== undefined)) as Line;

/** The terms of a draft: rates for everything, lines for some, tiers, days. */
export const RatesEditor = ({
  terms,
  onChange,
}: {
  terms: CommissionTerms;
  onChange: (terms: CommissionTerms) => void;
}): ReactNode => {
  const t = useCommissionT();
  const [search, setSearch] = useState('');
  const units = useCall(listOrgUnits, undefined);
  const products = useCall(listProducts, {
    query: { limit: PRODUCTS, ...(search.trim() ? { search: search.trim() } : {}) },
  });
  const set = (change: Partial<CommissionTerms>) => onChange({ ...terms, ...change });
  const setLine = (n: number, change: Partial<Line>) =>
    set({ rates: terms.rates.map((line, at) => (at === n ? lean({ ...line, ...change } as Line) : line)) });
  const days = (
    key: 'freezeDays' | 'noticeDays' | 'lockDays',
    label: string,
    { min, max }: { min: number; max: number },
  ) => (
    <div className="co-terms-field">
      <span>{label}</span>
      <InputNumber
        aria-label={label}
        min={min}
        max={max}
        precision={0}
        value={terms[key]}
        onChange={(value) => set({ [key]: value ?? min })}
      />
    </div>
  );
  const productOptions = (products.data?.items ?? []).map(({ id, title }) => ({ value: id, label: title }));
  return (
    <div className="co-terms" data-testid="terms">
      <div className="co-terms-row">
        <div className="co-terms-field">
          <span>{t('levelOne')} %</span>
          <Percent label={t('levelOne')} value={terms.levelOneBps} onChange={(bps) => set({ levelOneBps: bps ?? 0 })} />
        </div>
        <div className="co-terms-field">
          <span>{t('levelTwo')} %</span>
          <span className="co-terms-inline">
            <Switch
              aria-label={t('levelTwo.on')}
              checked={terms.levelTwoEnabled}
              onChange={(levelTwoEnabled) => set({ levelTwoEnabled, ...(levelTwoEnabled ? {} : { levelTwoBps: 0 }) })}
            />
            {terms.levelTwoEnabled ? (
              <Percent
                label={t('levelTwo')}
                value={terms.levelTwoBps}
                onChange={(bps) => set({ levelTwoBps: bps ?? 0 })}
              />
            ) : (
              <small className="co-quiet">{t('levelTwo.off')}</small>
            )}
          </span>
        </div>
        {days('freezeDays', t('freeze'), COMMISSION_FREEZE_DAYS)}
        {days('noticeDays', t('notice'), COMMISSION_NOTICE_DAYS)}
        {days('lockDays', t('lock'), COMMISSION_LOCK_DAYS)}
      </div>
      <h3>{t('rates')}</h3>
      <p className="co-quiet">{t('rates.hint')}</p>
      {terms.rates.map((line, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
        <div key={n} className="co-terms-line" data-testid="rate-line">
          <Select
            aria-label={t('level')}
            value={line.level}
            options={[1, 2].map((value) => ({ value, label: `${t('level')} ${value}` }))}
            onChange={(level: 1 | 2) => setLine(n, { level })}
          />
          <Select
            aria-label={t('product')}
            allowClear
            showSearch={{ filterOption: false, onSearch: setSearch }}
            placeholder={t('product')}
            value={line.productId ?? null}
            options={productOptions}
            onChange={(productId) => setLine(n, { productId: (productId ?? undefined) as Line['productId'] })}
          />
          <Select
            aria-label={t('productRole')}
            allowClear
            placeholder={t('productRole')}
            value={line.productRole ?? null}
            options={productRoles.map((value) => ({ value, label: t(`productRole.${value}`) }))}
            onChange={(productRole) => setLine(n, { productRole: productRole ?? undefined })}
          />
          <Select
            aria-label={t('store')}
            allowClear
            showSearch={{ optionFilterProp: 'label' }}
            placeholder={t('store')}
            value={line.storePath ?? null}
            options={(units.data?.items ?? []).map(({ path, name }) => ({ value: path, label: name }))}
            onChange={(storePath) => setLine(n, { storePath: storePath ?? undefined })}
          />
          <Select
            aria-label={t('role')}
            allowClear
            placeholder={t('role')}
            value={line.inviterRole ?? null}
            options={CommissionInviterRole.options.map((value) => ({ value, label: t(`role.${value}`) }))}
            onChange={(inviterRole) => setLine(n, { inviterRole: inviterRole ?? undefined })}
          />
          <Select
            aria-label={t('tier')}
            allowClear
            placeholder={t('tier')}
            value={line.minTier ?? null}
            options={terms.tiers.map((_, at) => ({ value: at + 1, label: t('tierNo', { n: at + 1 }) }))}
            onChange={(minTier) => setLine(n, { minTier: minTier ?? undefined })}
          />
          <Select
            aria-label={t('member')}
            allowClear
            placeholder={t('member')}
            value={line.minMemberLevel ?? null}
            options={Array.from({ length: MEMBER_LEVELS }, (_, at) => ({ value: at + 1, label: `${at + 1}` }))}
            onChange={(minMemberLevel) => setLine(n, { minMemberLevel: minMemberLevel ?? undefined })}
          />
          <span className="co-terms-inline">
            <Percent label={t('rate')} value={line.bps} onChange={(bps) => setLine(n, { bps })} />%
          </span>
          <span className="co-terms-inline">
            ¥<Yuan label={t('fixed')} value={line.fixedFen} onChange={(fixedFen) => setLine(n, { fixedFen })} />
          </span>
          <Button
            type="text"
            icon={<CloseOutlined />}
            aria-label={t('rates.remove')}
            onClick={() => set({ rates: terms.rates.filter((_, at) => at !== n) })}
          />
        </div>
      ))}
      {terms.rates.length < COMMISSION_LINES_MAX && (
        <Button
          icon={<PlusOutlined />}
          onClick={() => set({ rates: [...terms.rates, { level: 1, bps: terms.levelOneBps }] })}
          data-testid="rate-add"
        >
          {t('rates.add')}
        </Button>
      )}
      <h3>{t('tiers')}</h3>
      <p className="co-quiet">{t('tiers.hint')}</p>
      {terms.tiers.map((tier, n) => {
        const setTier = (change: Partial<typeof tier>) =>
          set({ tiers: terms.tiers.map((one, at) => (at === n ? { ...one, ...change } : one)) });
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a tier is its place
          <div key={n} className="co-terms-inline">
            <b>{t('tierNo', { n: n + 1 })}</b>
            {t('tiers.min')}
            <Yuan
              label={t('tiers.min')}
              value={tier.minNetFen}
              onChange={(minNetFen) => setTier({ minNetFen: minNetFen ?? 1 })}
            />
            {t('tiers.bonus')}
            <Percent
              label={t('tiers.bonus')}
              value={tier.bonusBps}
              onChange={(bonusBps) => setTier({ bonusBps: bonusBps ?? 0 })}
            />
            <Button
              type="text"
              icon={<CloseOutlined />}
              aria-label={t('rates.remove')}
              onClick={() => set({ tiers: terms.tiers.filter((_, at) => at !== n) })}
            />
          </div>
        );
      })}
      {terms.tiers.length < COMMISSION_TIERS_MAX && (
        <Button
          icon={<PlusOutlined />}
          onClick={() =>
            set({
              tiers: [...terms.tiers, { minNetFen: (terms.tiers.at(-1)?.minNetFen ?? 500_000) * 2, bonusBps: 100 }],
            })
          }
        >
          {t('tiers.add')}
        </Button>
      )}
    </div>
  );
};
