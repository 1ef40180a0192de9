import { ADULT_CONSENT_WORDING, checkAdult } from '@walnut-live/contracts';
import { Button, useErrorText } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useGiftT } from './messages.ts';
import '../app/forms.css';

/** Real-name adults only (rule G1), with the consent that rule Z6 asks for. Nothing that is typed here outlives the form. */
export const AdultForm = ({ minor, onDone }: { minor: boolean; onDone: () => void }): ReactNode => {
  const t = useGiftT();
  const errorText = useErrorText();
  const { api } = useServices();
  const [name, setName] = useState('');
  const [idNumber, setIdNumber] = useState('');
  const [consent, setConsent] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const nameId = useId();
  const numberId = useId();
  const problemId = useId();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    if (name.trim().length < 2) return setProblem(t('adult.nameWrong'));
    if (!/^\d{17}[\dXx]$/.test(idNumber)) return setProblem(t('adult.numberWrong'));
    if (!consent) return setProblem(t('adult.consentNeeded'));
    setBusy(true);
    setProblem(null);
    try {
      const body = { name: name.trim(), idNumber, consentWording: ADULT_CONSENT_WORDING } as const;
      const { state } = await api.call(checkAdult, { body });
      if (state === 'minor') setProblem(t('adult.minor'));
      else onDone();
    } catch (error) {
      setProblem(errorText(error));
    }
    setBusy(false);
  };

  return (
    <form className="pl-form pl-adult" onSubmit={submit} noValidate data-testid="adult-form">
      <p className="pl-adult-why">{t(minor ? 'adult.minor' : 'adult.why')}</p>
      <div className="pl-field">
        <label htmlFor={nameId}>{t('adult.name')}</label>
        <input
          id={nameId}
          data-testid="adult-name"
          autoComplete="name"
          maxLength={30}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <div className="pl-field">
        <label htmlFor={numberId}>{t('adult.number')}</label>
        <input
          id={numberId}
          data-testid="adult-number"
          autoComplete="off"
          autoCapitalize="characters"
          maxLength={18}
          value={idNumber}
          aria-describedby={problem ? problemId : undefined}
          onChange={(event) => setIdNumber(event.target.value.replace(/[^\dXx]/g, '').toUpperCase())}
        />
      </div>
      <label className="pl-adult-consent">
        <input
          type="checkbox"
          data-testid="adult-consent"
          checked={consent}
          onChange={(event) => setConsent(event.target.checked)}
        />
        <span>{t('adult.consent')}</span>
      </label>
      {problem && (
        <p id={problemId} className="pl-problem" role="alert">
          {problem}
        </p>
      )}
      <Button type="submit" size="l" block loading={busy} data-testid="adult-submit">
        {t('adult.submit')}
      </Button>
    </form>
  );
};
