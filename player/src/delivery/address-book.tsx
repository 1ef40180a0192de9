import { addAddress, changeAddress, listAddresses, removeAddress, type SavedAddress } from '@walnut-live/contracts';
import {
  Badge,
  Button,
  EmptyState,
  ErrorState,
  Sheet,
  Skeleton,
  useConfirm,
  useErrorText,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useCallback, useEffect, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { addressLine } from '../purchase/address-store.ts';
import { useDeliveryT } from './messages.ts';
import { RegionFields } from './region-fields.tsx';
import '../app/forms.css';
import '../orders/orders.css';
import './delivery.css';

type Draft = { recipient: string; phone: string; street: string; regionCode: string; isDefault: boolean };
const empty: Draft = { recipient: '', phone: '', street: '', regionCode: '', isDefault: false };
const PHONE = /^1[3-9]\d{9}$/;
const isComplete = (draft: Draft): boolean =>
  draft.recipient.trim() !== '' &&
  PHONE.test(draft.phone) &&
  draft.regionCode.length === 6 &&
  draft.street.trim() !== '';

/** My addresses: choose one, add, change, delete. */
export const AddressBookSheet = ({
  open,
  onClose,
  onChoose,
}: {
  open: boolean;
  onClose: () => void;
  /** Absent: nothing is chosen here. */
  onChoose?: (address: SavedAddress['address']) => void;
}): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const [items, setItems] = useState<readonly SavedAddress[] | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [editing, setEditing] = useState<{ id: string | null; draft: Draft } | null>(null);
  const [busy, setBusy] = useState(false);

  const load = useCallback(async (): Promise<void> => {
    setFailure(null);
    try {
      setItems((await api.call(listAddresses, {})).items);
    } catch (error) {
      setFailure(error);
    }
  }, [api]);
  useEffect(() => void (open && load()), [open, load]);

  const act = async (work: () => Promise<unknown>, done: string): Promise<void> => {
    setBusy(true);
    try {
      await work();
      toast(done, { tone: 'success' });
      setEditing(null);
      await load();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  const save = (): void => {
    if (!editing) return;
    const { id, draft } = editing;
    if (!isComplete(draft)) return void toast(t('book.wrong'), { tone: 'error' });
    void act(
      () =>
        id === null
          ? pending.run('address', draft, (idempotencyKey) => api.call(addAddress, { body: draft, idempotencyKey }))
          : api.call(changeAddress, { params: { id }, body: draft }),
      t('book.saved'),
    );
  };
  const remove = async (id: string): Promise<void> => {
    if (
      !(await confirm({
        title: t('book.removeAsk'),
        body: t('book.removeBody'),
        confirmText: t('book.remove'),
        tone: 'danger',
      }))
    )
      return;
    await act(() => api.call(removeAddress, { params: { id } }), t('book.removed'));
  };

  return (
    <Sheet open={open} onClose={onClose} title={t('book.title')} height="tall" wide="center">
      {editing ? (
        <Form
          draft={editing.draft}
          busy={busy}
          onChange={(draft) => setEditing({ ...editing, draft })}
          onSave={save}
          {...(editing.id === null ? {} : { onRemove: () => void remove(editing.id ?? '') })}
        />
      ) : (
        <div className="pl-book">
          {failure !== null && <ErrorState error={failure} onRetry={() => void load()} compact />}
          {!items && failure === null && <Skeleton height={72} radius={12} />}
          {items?.length === 0 && <EmptyState illustration="bag" title={t('book.empty')} />}
          <ul>
            {items?.map(({ id, address, isDefault }) => (
              <li key={id} className="pl-book-item">
                <button
                  type="button"
                  className="pl-address-text"
                  disabled={!onChoose}
                  onClick={() => {
                    onChoose?.(address);
                    onClose();
                  }}
                  data-testid="book-choose"
                >
                  <span className="pl-address-who">
                    {address.recipient} <span className="wl-number">{address.phone}</span>{' '}
                    {isDefault && <Badge tone="brand">{t('book.default')}</Badge>}
                  </span>
                  <span>{addressLine(address)}</span>
                </button>
                <Button
                  variant="ghost"
                  size="s"
                  onClick={() => setEditing({ id, draft: { ...empty, ...pick(address), isDefault } })}
                >
                  {t('book.edit')}
                </Button>
              </li>
            ))}
          </ul>
          <Button variant="soft" block onClick={() => setEditing({ id: null, draft: empty })} data-testid="book-add">
            {t('book.add')}
          </Button>
        </div>
      )}
    </Sheet>
  );
};

const pick = ({ recipient, phone, street, regionCode }: SavedAddress['address']) => ({
  ...{ recipient, phone, street, regionCode },
});

const Form = ({
  draft,
  busy,
  onChange,
  onSave,
  onRemove,
}: {
  draft: Draft;
  busy: boolean;
  onChange: (draft: Draft) => void;
  onSave: () => void;
  onRemove?: () => void;
}): ReactNode => {
  const t = useDeliveryT();
  const pt = playerI18n.useT();
  const id = useId();
  const field = (
    name: 'recipient' | 'phone' | 'street',
    more: { maxLength: number; autoComplete: string },
  ): ReactNode => (
    <div className="pl-field">
      <label htmlFor={`${id}${name}`}>{pt(`address.${name}`)}</label>
      <input
        id={`${id}${name}`}
        value={draft[name]}
        placeholder={pt(`address.${name}.example`)}
        inputMode={name === 'phone' ? 'numeric' : 'text'}
        data-testid={`book-${name}`}
        {...more}
        onChange={(event) =>
          onChange({ ...draft, [name]: name === 'phone' ? event.target.value.replace(/\D/g, '') : event.target.value })
        }
      />
    </div>
  );
  return (
    <div className="pl-form pl-book">
      <div className="pl-field-pair">
        {field('recipient', { maxLength: 24, autoComplete: 'name' })}
        {field('phone', { maxLength: 11, autoComplete: 'tel-national' })}
      </div>
      <RegionFields code={draft.regionCode} onChange={(regionCode) => onChange({ ...draft, regionCode })} />
      {field('street', { maxLength: 100, autoComplete: 'street-address' })}
      <label className="pl-check">
        <input
          type="checkbox"
          checked={draft.isDefault}
          onChange={(event) => onChange({ ...draft, isDefault: event.target.checked })}
        />
        {t('book.makeDefault')}
      </label>
      <div className="pl-order-actions">
        {onRemove && (
          <Button variant="ghost" onClick={onRemove}>
            {t('book.remove')}
          </Button>
        )}
        <Button loading={busy} onClick={onSave} data-testid="book-save">
          {t('book.save')}
        </Button>
      </div>
    </div>
  );
};
