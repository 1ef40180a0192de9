/** Three ways from a warm contact: hand on an offer, speak with one's guide, become an agent; and my targets. */
import { useMutation, useQuery } from '@tanstack/react-query';
import {
  agreeAsAgent,
  applyAsAgent,
  getMyContacts,
  leaveAsAgent,
  listContents,
  myTargets,
  type ReplyOf,
} from '@walnut-live/contracts';
import { Button, ErrorState, Skeleton, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { usePerson } from '../pages/use-person.ts';
import { useSharingT } from './messages.ts';
import { useShare } from './use-share.ts';
import './sharing.css';

type Contacts = ReplyOf<typeof getMyContacts>;

const Offers = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const share = useShare();
  const { api } = useServices();
  const person = usePerson();
  const query = useQuery({
    queryKey: ['contents', person?.id],
    queryFn: ({ signal }) => api.call(listContents, { query: { limit: 20 }, signal }),
    enabled: Boolean(person),
  });
  const items = query.data?.items ?? [];
  return (
    <section className="pl-card" data-testid="offers">
      <h2 className="pl-card-title">{t('contact.offers')}</h2>
      <p className="pl-fine">{items.length === 0 && query.data ? t('contact.offersNone') : t('contact.offersHint')}</p>
      {!query.data && !query.isError && <Skeleton height={80} radius={14} />}
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />}
      {items.map((item) => (
        <div key={item.id} className="pl-offer-row">
          <img src={item.product?.pictureUrl ?? item.room.coverUrl} alt="" width={52} height={52} />
          <span>
            <Link to={`/c/${item.id}`}>{item.title}</Link>
            <small className="pl-fine">
              {item.coupon
                ? `${item.coupon.title} · ${format.money(item.coupon.offFen, { fen: 'trim' })}`
                : item.orgUnit.name}
            </small>
          </span>
          <Button variant="soft" onClick={() => void share({ contentId: item.id }, item.title)}>
            {t('content.share')}
          </Button>
        </div>
      ))}
    </section>
  );
};

const Guide = ({ contacts }: { contacts: Contacts }): ReactNode => {
  const t = useSharingT();
  const { guide, card, store } = contacts;
  return (
    <section className="pl-card" data-testid="my-guide">
      <h2 className="pl-card-title">{t('contact.guide')}</h2>
      {guide ? (
        <Link to={`/guides/${guide.id}`} className="pl-row-link">
          {guide.name} · {store.name}
        </Link>
      ) : (
        <Link to="/" className="pl-row-link">
          {t('contact.guideNone')}
          <ChevronRight size={16} aria-hidden="true" />
        </Link>
      )}
      {card && (
        <div className="pl-contact-card">
          {card.pictureUrl && <img src={card.pictureUrl} alt={card.title} width={132} height={132} />}
          <div>
            <p>{card.title}</p>
            <p className="pl-fine">{card.hint}</p>
            {card.link && (
              <a className="wl-btn wl-btn-soft" href={card.link} target="_blank" rel="noreferrer">
                {t('contact.open')}
              </a>
            )}
          </div>
        </div>
      )}
    </section>
  );
};

const AgentCard = ({ contacts, onChanged }: { contacts: Contacts; onChanged: () => Promise<unknown> }): ReactNode => {
  const t = useSharingT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const [note, setNote] = useState('');
  const { agent, agreement, store } = contacts;
  const act = useMutation({
    mutationFn: async (what: 'apply' | 'agree' | 'leave') => {
      if (what === 'apply') await api.call(applyAsAgent, { body: { note: note.trim() } });
      else if (what === 'leave') await api.call(leaveAsAgent, { body: {} });
      else if (agreement) await api.call(agreeAsAgent, { body: { version: agreement.version } });
    },
    onSettled: onChanged,
    onError: (error) => toast(errorText(error), { tone: 'error' }),
  });
  if (!agreement) return null;
  const isOpen = agent && agent.state !== 'declined' && agent.state !== 'ended';
  const asks =
    agent && (agent.state === 'approved' || (agent.state === 'active' && agent.agreementVersion !== agreement.version));
  const leave = async (): Promise<void> => {
    if (await confirm({ title: t('agent.leaveAsk'), body: t('agent.leaveBody'), confirmText: t('agent.leave') }))
      act.mutate('leave');
  };
  return (
    <section className="pl-card" data-testid="agent" data-state={agent?.state ?? 'none'}>
      <h2 className="pl-card-title">{t('agent.title')}</h2>
      {agent && <p role="status">{t(`agent.state.${agent.state}`, { store: agent.store.name })}</p>}
      {agent?.reason && <p className="pl-fine">{t('agent.reason', { reason: agent.reason })}</p>}
      {!isOpen && (
        <>
          <p className="pl-fine">{t('agent.hint', { store: store.name })}</p>
          <label className="pl-agent-note">
            <span>{t('agent.note')}</span>
            <textarea rows={2} maxLength={200} value={note} onChange={(event) => setNote(event.target.value)} />
          </label>
          <Button
            size="l"
            loading={act.isPending}
            onClick={() => void requireConsumer('me').then((known) => known && act.mutate('apply'))}
            data-testid="agent-apply"
          >
            {t('agent.apply')}
          </Button>
        </>
      )}
      {asks && (
        <>
          <h3 className="pl-card-title">{t('agent.agreement', { version: agreement.version })}</h3>
          <div className="pl-agreement">{agreement.text}</div>
          <Button size="l" loading={act.isPending} onClick={() => act.mutate('agree')} data-testid="agent-agree">
            {t('agent.agree')}
          </Button>
        </>
      )}
      {isOpen && (
        <Button variant="ghost" onClick={() => void leave()}>
          {t(agent.state === 'active' ? 'agent.leave' : 'agent.withdraw')}
        </Button>
      )}
    </section>
  );
};

const Targets = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { api } = useServices();
  const person = usePerson();
  const query = useQuery({
    queryKey: ['my-targets', person?.id],
    queryFn: ({ signal }) => api.call(myTargets, { signal }),
    enabled: Boolean(person),
  });
  if (!query.data || query.data.items.length === 0) return null;
  return (
    <section className="pl-card" data-testid="my-targets">
      <h2 className="pl-card-title">{t('target.title')}</h2>
      {query.data.items.map(({ kind, done, target, bps }) => {
        const text = (value: number) => (kind === 'gmv' ? format.money(value, { fen: 'trim' }) : format.count(value));
        return (
          <div key={kind}>
            <p className="pl-sum-line">
              <span>{t(`target.${kind}`)}</span>
              <span className="wl-number">
                {text(done)} / {text(target)}
              </span>
            </p>
            <div
              className="pl-progress"
              role="progressbar"
              aria-label={t(`target.${kind}`)}
              aria-valuenow={Math.floor(bps / 100)}
            >
              <i style={{ width: `${Math.min(100, bps / 100)}%` }} />
            </div>
          </div>
        );
      })}
    </section>
  );
};

export const ContactsCards = (): ReactNode => {
  const { api } = useServices();
  const person = usePerson();
  const query = useQuery({
    queryKey: ['my-contacts', person?.id],
    queryFn: ({ signal }) => api.call(getMyContacts, { signal }),
    enabled: Boolean(person),
  });
  return (
    <>
      <Targets />
      <Offers />
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />}
      {!query.data && !query.isError && <Skeleton height={160} radius={18} />}
      {query.data && (
        <>
          <Guide contacts={query.data} />
          <AgentCard contacts={query.data} onChanged={() => query.refetch()} />
        </>
      )}
    </>
  );
};
