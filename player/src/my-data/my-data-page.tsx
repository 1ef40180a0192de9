import { useQuery, useQueryClient } from '@tanstack/react-query';
import { consentPurposes, listMyConsents, myDataRequests, type ReplyOf, withdrawConsent } from '@walnut-live/contracts';
import {
  Button,
  EmptyState,
  ErrorState,
  Skeleton,
  useConfirm,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { Page } from '../pages/page.tsx';
import { usePerson } from '../pages/use-person.ts';
import { Deletion } from './deletion.tsx';
import { Export } from './export.tsx';
import { useMyDataT } from './messages.ts';
import { REQUESTS_KEY } from './requests-key.ts';
import './my-data.css';

/** A file is usually made within minutes; what waits for days is not asked about so often. */
const MAKING_MS = 3_000;
const WAITING_MS = 60_000;

/** What I agreed to, a file of what is stored about me, and closing my account. */
const MyDataPage = (): ReactNode => {
  const t = useMyDataT();
  const { requireConsumer } = useServices();
  const person = usePerson();
  return (
    <Page title={t('title')} backTo="/me">
      <div className="pl-data">
        {person === null ? (
          <ErrorState error="network" onRetry={() => location.reload()} />
        ) : !person ? (
          <Skeleton height={220} radius={18} />
        ) : person.kind === 'guest' ? (
          <EmptyState
            illustration="people"
            title={t('signIn')}
            action={<SignIn onClick={() => void requireConsumer('me')} />}
          />
        ) : (
          <OfMine personId={person.id} />
        )}
      </div>
    </Page>
  );
};
export default MyDataPage;

const SignIn = ({ onClick }: { onClick: () => void }): ReactNode => (
  <Button size="l" onClick={onClick} data-testid="sign-in">
    {playerI18n.useT()('signIn.submit')}
  </Button>
);

const OfMine = ({ personId }: { personId: string }): ReactNode => {
  const { api } = useServices();
  const requests = useQuery({
    queryKey: [REQUESTS_KEY, personId],
    queryFn: ({ signal }) => api.call(myDataRequests, { signal }),
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ kind, state: now }) => kind === 'export' && now === 'waiting') ? MAKING_MS : WAITING_MS,
  });
  const items = requests.data?.items;
  return (
    <>
      <Consents personId={personId} />
      {requests.isError && !items && <ErrorState error={requests.error} onRetry={() => void requests.refetch()} />}
      {requests.isPending && <Skeleton height={260} radius={18} />}
      {items && (
        <>
          <Export latest={items.find(({ kind }) => kind === 'export')} />
          <Deletion latest={items.find(({ kind }) => kind === 'deletion')} personId={personId} />
        </>
      )}
    </>
  );
};

type Consent = ReplyOf<typeof listMyConsents>['items'][number];
const knownOf = ({ purpose }: Consent) => consentPurposes.find((known) => known === purpose);

const Consents = ({ personId }: { personId: string }): ReactNode => {
  const t = useMyDataT();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['my-consents', personId],
    queryFn: ({ signal }) => api.call(listMyConsents, { signal }),
  });
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  if (!query.data) return <Skeleton height={120} radius={18} />;
  return (
    <section className="pl-card" data-testid="consents">
      <h2 className="pl-card-title">{t('consents')}</h2>
      {query.data.items.length === 0 ? (
        <p className="pl-fine">{t('consents.empty')}</p>
      ) : (
        <ul className="pl-consents">
          {query.data.items.map((consent) => (
            <ConsentRow key={`${consent.purpose}${consent.givenAt}`} consent={consent} />
          ))}
        </ul>
      )}
    </section>
  );
};

const ConsentRow = ({ consent }: { consent: Consent }): ReactNode => {
  const t = useMyDataT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { api } = useServices();
  const cache = useQueryClient();
  const [busy, setBusy] = useState(false);
  const purpose = knownOf(consent);
  const name = t(purpose ? `purpose.${purpose}` : 'purpose.other');
  const takeBack = async (): Promise<void> => {
    if (!purpose) return;
    const body = t(`consent.ask.${purpose}`);
    const sure = await confirm({
      title: t('consent.ask', { purpose: name }),
      body,
      confirmText: t('consent.withdraw'),
      tone: 'danger',
    });
    if (!sure) return;
    setBusy(true);
    try {
      await api.call(withdrawConsent, { params: { purpose }, body: {} });
      toast(t('consent.done'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
      // What rested on it is gone: whatever page shows that asks anew.
      await cache.invalidateQueries();
    }
  };
  return (
    <li data-testid="consent">
      <span>
        <b>{name}</b>
        <small>{t('consent.given', { time: format.dateTime(consent.givenAt) })}</small>
        {consent.withdrawnAt && <small>{t('consent.withdrawn', { time: format.dateTime(consent.withdrawnAt) })}</small>}
      </span>
      {purpose && !consent.withdrawnAt && (
        <Button
          variant="soft"
          size="s"
          loading={busy}
          onClick={() => void takeBack()}
          aria-label={`${t('consent.withdraw')} · ${name}`}
          data-testid="consent-withdraw"
        >
          {t('consent.withdraw')}
        </Button>
      )}
    </li>
  );
};
