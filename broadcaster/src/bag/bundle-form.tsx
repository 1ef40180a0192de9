import { type Bag, MAX_BUNDLE_PARTS, openBundle } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, QuantityStepper, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { Chips } from '../controls/chips.tsx';
import { TextField } from '../controls/text-field.tsx';
import { useT } from '../i18n/index.ts';
import { useDealT } from './messages.ts';
import { readBundle } from './offer-input.ts';
import { LIMITS, MINUTES, START_MINUTES, startsAtIn } from './window.ts';

/** Pieces of one SKU in one bundle (contracts: bundles.open). */
const MOST_PIECES = 99;

/** Several SKUs of the bag for one price. */
export const BundleForm = ({
  session,
  bag,
  onDone,
}: {
  session: RoomSession;
  bag: Bag;
  onDone: () => void;
}): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const dealT = useDealT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const [title, setTitle] = useState('');
  const [pieces, setPieces] = useState<Readonly<Record<string, number>>>({});
  const [price, setPrice] = useState('');
  const [inMinutes, setInMinutes] = useState<(typeof START_MINUTES)[number]>(0);
  const [minutes, setMinutes] = useState<(typeof MINUTES)[number]>(30);
  const [limit, setLimit] = useState<(typeof LIMITS)[number]>(0);
  const [cap, setCap] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const choices = bag.items.flatMap(({ product }) =>
    product.skus.filter((sku) => sku.active).map((sku) => ({ product, sku, quantity: pieces[sku.id] ?? 0 })),
  );
  const chosen = choices.filter(({ quantity }) => quantity > 0).length;
  const apartFen = choices.reduce((sum, { sku, quantity }) => sum + sku.priceFen * quantity, 0);
  const money = (fen: number): string => format.money(fen, { fen: 'trim' });

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const parts = choices.map(({ sku, quantity }) => ({ skuId: sku.id, quantity, shelfFen: sku.priceFen }));
    const read = readBundle({ title, price, cap, parts });
    if (!read.ok) {
      const texts = {
        'bundle.parts': dealT('bundle.partsMissing', { max: MAX_BUNDLE_PARTS }),
        'bundle.title': dealT('bundle.title.missing'),
        'bundle.notLower': dealT('bundle.notLower', { price: money(apartFen) }),
        'price.invalid': t('offer.price.invalid'),
        'cap.invalid': t('offer.cap.invalid'),
      };
      return setProblem(texts[read.problem]);
    }
    setBusy(true);
    setProblem(null);
    try {
      await api.call(openBundle, {
        params: { id: session.roomId },
        body: {
          ...read.bundle,
          ...startsAtIn(inMinutes, session.serverNowMs()),
          durationSeconds: minutes * 60,
          perPersonLimit: limit === 0 ? null : limit,
        },
      });
      toast(inMinutes > 0 ? dealT('announced', { n: inMinutes }) : dealT('bundle.done'), { tone: 'success' });
      onDone();
    } catch (error) {
      const floorFen = isApiError(error, 'below_price_floor') ? error.facts.floorPriceFen : undefined;
      setProblem(typeof floorFen === 'number' ? dealT('bundle.floor', { price: money(floorFen) }) : errorText(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate data-testid="bundle-form">
      <fieldset className="st-fieldset">
        <legend className="st-legend">{dealT('bundle.parts')}</legend>
        <ul className="st-bundle-choices">
          {choices.map(({ product, sku, quantity }) => (
            <li key={sku.id}>
              <img src={product.pictureUrl} alt="" width="48" height="48" loading="lazy" />
              <p>
                <strong>{product.title}</strong>
                <span>
                  {sku.name} · {money(sku.priceFen)}
                </span>
              </p>
              <QuantityStepper
                label={dealT('bundle.pieces', { title: `${product.title} ${sku.name}` })}
                value={quantity}
                min={0}
                max={MOST_PIECES}
                disabled={quantity === 0 && chosen >= MAX_BUNDLE_PARTS}
                onChange={(next) => setPieces({ ...pieces, [sku.id]: next })}
              />
            </li>
          ))}
        </ul>
      </fieldset>
      <TextField
        label={dealT('bundle.title')}
        maxLength={40}
        value={title}
        placeholder={dealT('bundle.title.placeholder')}
        onChange={setTitle}
      />
      <TextField
        label={dealT('bundle.price')}
        number="decimal"
        className="st-input-price"
        value={price}
        onChange={setPrice}
        hint={apartFen > 0 ? dealT('bundle.apart', { price: money(apartFen) }) : dealT('bundle.apartNone')}
      />
      <Chips
        legend={dealT('starts')}
        values={START_MINUTES}
        value={inMinutes}
        onChange={setInMinutes}
        show={(n) => (n === 0 ? dealT('starts.now') : dealT('starts.in', { n }))}
      />
      <Chips
        legend={t('offer.window')}
        values={MINUTES}
        value={minutes}
        onChange={setMinutes}
        show={(n) => t('offer.minutes', { n })}
      />
      <Chips
        legend={t('offer.limit')}
        values={LIMITS}
        value={limit}
        onChange={setLimit}
        show={(n) => (n === 0 ? t('offer.limit.none') : dealT('bundle.limit.sets', { n }))}
      />
      <TextField label={t('offer.cap')} number="numeric" value={cap} onChange={setCap} hint={t('offer.cap.hint')} />
      <div className="st-deal-foot">
        <p className="st-problem" role="alert">
          {problem}
        </p>
        <Button type="submit" variant="hot" size="l" block loading={busy} data-testid="bundle-open">
          {inMinutes > 0 ? dealT('announce') : dealT('bundle.submit')}
        </Button>
      </div>
    </form>
  );
};
