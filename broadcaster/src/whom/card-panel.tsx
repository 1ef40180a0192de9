import { useQuery } from '@tanstack/react-query';
import { type DrainCardKind, drainCardKinds, listDrainCards, showDrainCard } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, ErrorState, Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useSelect, useServices } from '../app/services.tsx';
import { useWhomT } from './messages.ts';
import './whom.css';

/** One tap shows a kind of card in the room, another takes it down; which card it is, each viewer's store decides. */
export const CardPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useWhomT();
  const { api } = useServices();
  const toast = useToast();
  const errorText = useErrorText();
  const format = useFormat();
  const shown = useSelect(session, (state) => state.drainCard?.kind ?? null);
  const [busy, setBusy] = useState<DrainCardKind | null>(null);
  const query = useQuery({
    queryKey: ['drain-cards'],
    queryFn: ({ signal }) => api.call(listDrainCards, { signal }),
  });

  const show = async (kind: DrainCardKind): Promise<void> => {
    setBusy(kind);
    try {
      await api.call(showDrainCard, {
        params: { id: session.roomId },
        body: { kind: shown === kind ? null : kind },
      });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(null);
    }
  };

  if (query.isError) return <ErrorState compact error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton height={180} radius={14} />;
  return (
    <div className="st-cards">
      <p className="st-hint">{t('card.hint')}</p>
      {drainCardKinds.map((kind) => {
        const cards = query.data.items.filter((card) => card.kind === kind);
        const worst =
          cards.find((card) => card.state === 'expired') ?? cards.find((card) => card.state === 'ends_soon');
        const people = cards.reduce((sum, card) => sum + card.people, 0);
        const tappers = cards.reduce((sum, card) => sum + card.tappers, 0);
        return (
          <div key={kind} className="st-card-row" data-shown={shown === kind ? '' : undefined}>
            <span className="st-own-text">
              <strong>{t(`card.${kind}`)}</strong>
              <small>
                {cards.length === 0
                  ? t('card.none')
                  : worst
                    ? t(`card.${worst.state as 'expired' | 'ends_soon'}`, {
                        time: worst.expiresAt ? format.dateTime(worst.expiresAt) : '',
                      })
                    : t('card.figures', { people: format.count(people), tappers: format.count(tappers) })}
              </small>
            </span>
            <Button
              variant={shown === kind ? 'soft' : 'primary'}
              loading={busy === kind}
              aria-pressed={shown === kind}
              onClick={() => void show(kind)}
              data-testid={`show-card-${kind}`}
            >
              {t(shown === kind ? 'card.hide' : 'card.show')}
            </Button>
          </div>
        );
      })}
    </div>
  );
};
