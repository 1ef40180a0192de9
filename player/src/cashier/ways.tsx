import type { PaymentMethod, SandboxCallback } from '@walnut-live/contracts';
import { Countdown, QrCode, Spinner, useFormat } from '@walnut-live/ui';
import { FlaskConical, QrCode as QrIcon, Smartphone } from 'lucide-react';
import type { ReactNode } from 'react';
import { useServices } from '../app/services.tsx';
import { useCashierT } from './messages.ts';

export const nameOf = ({ provider, way }: PaymentMethod) => (provider === 'sandbox' ? 'sandbox' : (way ?? 'native'));
const icons = { jsapi: Smartphone, h5: Smartphone, native: QrIcon, sandbox: FlaskConical } as const;

export const Ways = ({
  methods,
  chosen,
  disabled,
  onChoose,
}: {
  methods: readonly PaymentMethod[];
  chosen: PaymentMethod | undefined;
  disabled: boolean;
  onChoose: (method: PaymentMethod) => void;
}): ReactNode => {
  const t = useCashierT();
  return (
    <fieldset className="pl-ways" disabled={disabled}>
      <legend>{t('way.title')}</legend>
      <div className="pl-ways-list">
        {methods.map((method) => {
          const name = nameOf(method);
          const Icon = icons[name];
          return (
            <label key={name} data-way={name} data-testid={`way-${name}`}>
              <span className="pl-way-icon">
                <Icon size={20} aria-hidden="true" />
              </span>
              <span className="pl-way-text">
                <b>{t(`way.${name}`)}</b>
                <small>{t(`hint.${name}`)}</small>
              </span>
              <input type="radio" name="way" checked={method === chosen} onChange={() => onChoose(method)} />
            </label>
          );
        })}
      </div>
    </fieldset>
  );
};

/** A code that another phone scans. */
export const CodeToScan = ({
  code,
  amountFen,
  until,
}: {
  code: string;
  amountFen: number;
  until: string;
}): ReactNode => {
  const t = useCashierT();
  const format = useFormat();
  const { api } = useServices();
  return (
    <section className="pl-scan" data-testid="pay-code">
      <p className="pl-scan-title">{t('qr.title', { amount: format.money(amountFen) })}</p>
      <QrCode text={code} size={208} label={t('qr.label')} />
      <p className="pl-scan-wait" role="status">
        <Spinner size={16} />
        <span>{t('waiting')}</span>
        <Countdown look="text" until={until} serverOffsetMs={api.serverNowMs() - Date.now()} />
      </p>
      <p className="pl-fine">{t('qr.fresh')}</p>
    </section>
  );
};

/** The payer is at the provider, or the provider is being asked. */
export const Underway = ({ kind }: { kind: 'away' | 'asking' }): ReactNode => {
  const t = useCashierT();
  return (
    <section className="pl-scan" role="status" data-testid={`pay-${kind}`}>
      <Spinner size={32} />
      <p className="pl-scan-title">{t(`${kind}.title`)}</p>
      <p className="pl-fine">{t(`${kind}.body`)}</p>
    </section>
  );
};

const callbacks: readonly SandboxCallback[] = ['prompt', 'delayed', 'twice', 'lost', 'never'];

/** Where no money moves, the payer may see how the product takes a bad network. */
export const CallbackChoice = ({
  chosen,
  disabled,
  onChoose,
}: {
  chosen: SandboxCallback;
  disabled: boolean;
  onChoose: (callback: SandboxCallback) => void;
}): ReactNode => {
  const t = useCashierT();
  return (
    <details className="pl-callbacks">
      <summary>
        <span>{t('callback.title')}</span>
        <small>{t(`callback.${chosen}`)}</small>
      </summary>
      <fieldset disabled={disabled}>
        <legend className="wl-visually-hidden">{t('callback.title')}</legend>
        {callbacks.map((name) => (
          <label key={name} data-testid={`callback-${name}`}>
            <input type="radio" name="callback" checked={name === chosen} onChange={() => onChoose(name)} />
            {t(`callback.${name}`)}
          </label>
        ))}
      </fieldset>
      <p className="pl-fine">{t('callback.note')}</p>
    </details>
  );
};
