import { type ReactNode, useId } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { type AddressDraft, addressFields } from './address-store.ts';
import '../app/forms.css';

type Field = (typeof addressFields)[number];

const attributes: Record<Field, { autoComplete: string; maxLength: number; type?: string; inputMode?: 'numeric' }> = {
  recipient: { autoComplete: 'name', maxLength: 24 },
  phone: { autoComplete: 'tel-national', maxLength: 11, type: 'tel', inputMode: 'numeric' },
  province: { autoComplete: 'address-level1', maxLength: 20 },
  city: { autoComplete: 'address-level2', maxLength: 20 },
  district: { autoComplete: 'address-level3', maxLength: 20 },
  street: { autoComplete: 'street-address', maxLength: 100 },
};

const AddressField = ({
  field,
  draft,
  wrong,
  onChange,
}: {
  field: Field;
  draft: AddressDraft;
  wrong: boolean;
  onChange: (draft: AddressDraft) => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const id = useId();
  return (
    <div className="pl-field">
      <label htmlFor={id}>{t(`address.${field}`)}</label>
      <input
        id={id}
        name={field}
        data-testid={`address-${field}`}
        value={draft[field]}
        aria-invalid={wrong}
        placeholder={t(`address.${field}.example`)}
        {...attributes[field]}
        onChange={(event) =>
          onChange({
            ...draft,
            [field]: field === 'phone' ? event.target.value.replace(/\D/g, '') : event.target.value,
          })
        }
      />
    </div>
  );
};

export const AddressForm = ({
  draft,
  wrong,
  onChange,
  contactOnly = false,
}: {
  draft: AddressDraft;
  wrong: ReadonlySet<string>;
  onChange: (draft: AddressDraft) => void;
  /** Who, and not where. */
  contactOnly?: boolean;
}): ReactNode => {
  const t = playerI18n.useT();
  const field = (name: Field): ReactNode => (
    <AddressField field={name} draft={draft} wrong={wrong.has(name)} onChange={onChange} />
  );
  return (
    <div className="pl-form" data-testid="address-form">
      <div className="pl-field-pair">
        {field('recipient')}
        {field('phone')}
      </div>
      {!contactOnly && (
        <>
          <div className="pl-field-row">
            {field('province')}
            {field('city')}
            {field('district')}
          </div>
          {field('street')}
        </>
      )}
      {wrong.size > 0 && (
        <p className="pl-problem" role="alert">
          {t('address.wrong', {
            fields: addressFields
              .filter((name) => wrong.has(name))
              .map((name) => t(`address.${name}`))
              .join(t('address.join')),
          })}
        </p>
      )}
    </div>
  );
};
