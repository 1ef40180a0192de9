import { useQuery } from '@tanstack/react-query';
import { MAX_STAIRS } from '@walnut-live/contracts';
import { randomId } from '@walnut-live/live-client/http';
import { Button, IconButton } from '@walnut-live/ui';
import { Gift, Plus, Trash2 } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { productsQuery } from '../app/queries.ts';
import { useServices } from '../app/services.tsx';
import { TextField } from '../controls/text-field.tsx';
import { useDealT } from './messages.ts';
import type { GiftDraft, StairDraft } from './offer-input.ts';

/** So many pieces cost less each; a step is a line. */
export const StairFields = ({
  stairs,
  onChange,
}: {
  stairs: readonly StairDraft[];
  onChange: (stairs: readonly StairDraft[]) => void;
}): ReactNode => {
  const t = useDealT();
  const set = (key: string, part: Partial<StairDraft>): void =>
    onChange(stairs.map((stair) => (stair.key === key ? { ...stair, ...part } : stair)));
  return (
    <>
      {stairs.map((stair, at) => (
        <div key={stair.key} className="st-deal-step" data-testid="stair">
          <TextField
            label={t('stairs.from')}
            number="numeric"
            value={stair.from}
            onChange={(from) => set(stair.key, { from })}
          />
          <TextField
            label={t('stairs.price')}
            number="decimal"
            value={stair.price}
            onChange={(price) => set(stair.key, { price })}
          />
          <IconButton
            label={t('stairs.remove', { n: at + 1 })}
            icon={<Trash2 aria-hidden />}
            onClick={() => onChange(stairs.filter(({ key }) => key !== stair.key))}
          />
        </div>
      ))}
      {stairs.length < MAX_STAIRS && (
        <Button
          variant="soft"
          block
          className="st-deal-add"
          icon={<Plus size={18} aria-hidden />}
          onClick={() => onChange([...stairs, { key: randomId(), from: '', price: '' }])}
          data-testid="stair-add"
        >
          {t('stairs.add')}
        </Button>
      )}
    </>
  );
};

/** What comes with the goods for nothing: any SKU on sale but the one that is sold. */
export const GiftFields = ({
  soldSkuId,
  gift,
  onChange,
}: {
  soldSkuId: string;
  gift: GiftDraft | null;
  onChange: (gift: GiftDraft | null) => void;
}): ReactNode => {
  const { api } = useServices();
  const t = useDealT();
  const id = useId();
  const products = useQuery({ ...productsQuery(api), enabled: gift !== null });
  if (!gift)
    return (
      <Button
        variant="soft"
        block
        className="st-deal-add"
        icon={<Gift size={18} aria-hidden />}
        onClick={() => onChange({ skuId: '', per: '1', cap: '' })}
        data-testid="gift-add"
      >
        {t('gift.add')}
      </Button>
    );
  const choices = (products.data?.items ?? []).flatMap(({ title, skus }) =>
    skus
      .filter((sku) => sku.active && sku.id !== soldSkuId)
      .map((sku) => ({ id: sku.id, text: `${title} · ${sku.name}` })),
  );
  return (
    <div className="st-deal-gift" data-testid="gift">
      <div className="st-deal-step">
        <div className="st-field">
          <label htmlFor={`${id}-sku`}>{t('gift.sku')}</label>
          <select
            id={`${id}-sku`}
            className="st-input"
            value={gift.skuId}
            onChange={(event) => onChange({ ...gift, skuId: event.target.value })}
          >
            <option value="">{t('gift.choose')}</option>
            {choices.map((choice) => (
              <option key={choice.id} value={choice.id}>
                {choice.text}
              </option>
            ))}
          </select>
        </div>
        <IconButton label={t('gift.remove')} icon={<Trash2 aria-hidden />} onClick={() => onChange(null)} />
      </div>
      <div className="st-field-row">
        <TextField
          label={t('gift.per')}
          number="numeric"
          value={gift.per}
          onChange={(per) => onChange({ ...gift, per })}
        />
        <TextField
          label={t('gift.cap')}
          number="numeric"
          value={gift.cap}
          onChange={(cap) => onChange({ ...gift, cap })}
        />
      </div>
      <p className="st-hint">{t('gift.cap.hint')}</p>
    </div>
  );
};
