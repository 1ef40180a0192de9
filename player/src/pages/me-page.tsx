import { useQuery } from '@tanstack/react-query';
import { myEarnings } from '@walnut-live/contracts';
import {
  Avatar,
  Button,
  ErrorState,
  locales,
  Price,
  Skeleton,
  useConfirm,
  useErrorText,
  useFormat,
  useLocale,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { forgetQueries } from '../app/query-host.tsx';
import { useServices } from '../app/services.tsx';
import { Inbox } from '../booking/inbox.tsx';
import { MyCoupons } from '../coupons/my-coupons.tsx';
import { MyDelivery } from '../delivery/my-delivery.tsx';
import { WalletCard } from '../gifts/wallet-card.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { Prizes, Rewards } from '../interaction/my-plays.tsx';
import { MemberCard } from '../members/lazy-members.tsx';
import { useMyDataT } from '../my-data/messages.ts';
import { Newcomer, Shares } from '../sharing/lazy-sharing.tsx';
import { Page } from './page.tsx';
import { usePerson } from './use-person.ts';

const Identity = (): ReactNode => {
  const t = playerI18n.useT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const person = usePerson();
  const [leaving, setLeaving] = useState(false);

  const signOut = async (): Promise<void> => {
    if (!(await confirm({ title: t('me.signOutAsk'), body: t('me.signOutBody'), confirmText: t('me.signOut') })))
      return;
    setLeaving(true);
    try {
      await api.signOut();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
    forgetQueries();
    setLeaving(false);
  };

  if (person === null) return <ErrorState error="network" onRetry={() => location.reload()} compact />;
  if (!person) return <Skeleton height={92} radius={18} />;
  const consumer = person.kind === 'consumer';
  return (
    <section className="pl-card pl-identity">
      <Avatar name={person.name} size={56} />
      <div className="pl-identity-text">
        <p className="pl-identity-name">
          {consumer ? person.name : t('me.guestName', { no: person.name.replace(/\D/g, '') })}
        </p>
        <p className="pl-fine wl-number">{person.phoneMasked ?? t('me.guest')}</p>
      </div>
      {consumer ? (
        <Button variant="soft" loading={leaving} onClick={() => void signOut()} data-testid="sign-out">
          {t('me.signOut')}
        </Button>
      ) : (
        <Button onClick={() => void requireConsumer('me')} data-testid="sign-in">
          {t('signIn.submit')}
        </Button>
      )}
    </section>
  );
};

const Earnings = (): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const { api } = useServices();
  const person = usePerson();
  const query = useQuery({
    queryKey: ['my-earnings', person?.id],
    queryFn: ({ signal }) => api.call(myEarnings, { query: { limit: 5 }, signal }),
    enabled: Boolean(person),
  });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  const { data } = query;
  if (!data) return <Skeleton height={140} radius={18} />;
  const estimated = data.byState.find((entry) => entry.state === 'estimated')?.amountFen ?? 0;
  return (
    <section className="pl-card" data-testid="earnings">
      <h2 className="pl-card-title">{t('me.earnings')}</h2>
      <p className="pl-earned">
        <Price fen={estimated} size="xl" tone="plain" />
        <span className="pl-fine">{t('me.estimated')}</span>
      </p>
      {data.byState
        .filter((entry) => entry.state !== 'estimated' && entry.amountFen !== 0)
        .map((entry) => (
          <p key={entry.state} className="pl-sum-line">
            <span>{t(`commission.state.${entry.state}`)}</span>
            <span className="wl-number">{format.money(entry.amountFen)}</span>
          </p>
        ))}
      {data.items.length === 0 ? (
        <p className="pl-fine">{t('me.noEarnings')}</p>
      ) : (
        <ul className="pl-entries">
          {data.items.map((entry) => (
            <li key={entry.id}>
              <span className="pl-entries-title">{entry.itemTitle}</span>
              <span className="pl-fine">
                {format.dateTime(entry.at)} · {t(`commission.event.${entry.event}`)}
              </span>
              <span className="pl-entries-amount wl-number" data-negative={entry.amountFen < 0}>
                {format.money(entry.amountFen, { sign: true })}
              </span>
            </li>
          ))}
        </ul>
      )}
      <Link to="/me/earnings" className="wl-btn wl-btn-soft wl-btn-m pl-earnings-link" data-testid="earnings-open">
        {t('me.earningsOpen')}
      </Link>
    </section>
  );
};

const Language = (): ReactNode => {
  const t = playerI18n.useT();
  const { locale, setLocale } = useLocale();
  const names = { 'zh-CN': '简体中文', en: 'English' } as const;
  return (
    <section className="pl-card pl-language">
      <h2 className="pl-card-title">{t('me.language')}</h2>
      <div className="pl-segments" role="radiogroup" aria-label={t('me.language')}>
        {locales.map((choice) => (
          // biome-ignore lint/a11y/useSemanticElements: a segment is the radio
          <button
            key={choice}
            type="button"
            role="radio"
            lang={choice}
            aria-checked={choice === locale}
            onClick={() => setLocale(choice)}
          >
            {names[choice]}
          </button>
        ))}
      </div>
    </section>
  );
};

const MyData = (): ReactNode => {
  const t = useMyDataT();
  return (
    <Link to="/me/data" className="wl-btn wl-btn-ghost wl-btn-m" data-testid="my-data-open">
      {t('open')}
    </Link>
  );
};

const MePage = (): ReactNode => {
  const t = playerI18n.useT();
  return (
    <Page title={t('me.title')} tabs>
      <div className="pl-me">
        <Identity />
        <MyDelivery />
        <Inbox />
        <MemberCard />
        <MyCoupons />
        <Prizes />
        <Rewards />
        <Newcomer />
        <Shares />
        <Earnings />
        <WalletCard />
        <Language />
        <MyData />
      </div>
    </Page>
  );
};

export default MePage;
