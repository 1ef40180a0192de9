import { useMutation, useQuery } from '@tanstack/react-query';
import { myNewcomerGift, takeNewcomerGift } from '@walnut-live/contracts';
import { Button, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { usePerson } from '../pages/use-person.ts';
import { useSharingT } from './messages.ts';
import './sharing.css';

/** A red packet for who is new, and the way to what inviting brings. */
export const Newcomer = ({ link = true }: { link?: boolean }): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const person = usePerson();
  // One key for as long as this card stands: a lost answer is asked for again, not taken twice.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const query = useQuery({
    queryKey: ['newcomer', person?.id],
    queryFn: ({ signal }) => api.call(myNewcomerGift, { signal }),
    enabled: Boolean(person),
  });
  const take = useMutation({
    mutationFn: (id: string) => api.call(takeNewcomerGift, { params: { id }, body: {}, idempotencyKey }),
    onSettled: () => query.refetch(),
    onError: (error) => toast(errorText(error), { tone: 'error' }),
  });
  const { state, gift } = query.data ?? { state: 'none', gift: null };
  if (!gift && !link) return null;
  return (
    <section className="pl-card" data-testid="invite-more">
      {gift && (
        <div className="pl-content-offer" data-testid="newcomer" data-state={state}>
          <span>
            <b>{t('new.title')}</b>
            <small className="pl-fine">
              {state === 'taken'
                ? t('new.taken', { amount: format.money(gift.amountFen) })
                : t('new.from', { store: gift.store })}
            </small>
          </span>
          {state === 'open' && (
            <Button
              variant="hot"
              loading={take.isPending}
              onClick={() => take.mutate(gift.id)}
              data-testid="newcomer-take"
            >
              {t('new.take')} {format.money(gift.amountFen, { fen: 'trim' })}
            </Button>
          )}
          {state === 'sign_in' && (
            <Button variant="hot" onClick={() => void requireConsumer('me').then(() => query.refetch())}>
              {t('new.signIn')}
            </Button>
          )}
        </div>
      )}
      {link && (
        <Link to="/invite" className="pl-row-link" data-testid="to-invite">
          <span>
            {t('more.title')} <small className="pl-fine">{t('more.hint')}</small>
          </span>
          <ChevronRight size={16} aria-hidden="true" />
        </Link>
      )}
    </section>
  );
};
