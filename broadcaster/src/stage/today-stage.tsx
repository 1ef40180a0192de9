import { useQuery, useQueryClient } from '@tanstack/react-query';
import { answerInvitation, createRoom, listInvitations, listProgrammes, startRoom } from '@walnut-live/contracts';
import { Avatar, Button, LiveBadge, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Radio, Users } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useNavigate } from 'react-router';
import { productsQuery } from '../app/queries.ts';
import { useMe, useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import './stage.css';

const INVITATIONS_EVERY_MS = 4_000;
const PROGRAMMES_EVERY_MS = 20_000;
const BAG_MAX = 50;

/** Invitations to stand beside another host; nothing while there are none. */
export const Invitations = (): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [busy, setBusy] = useState<string | null>(null);
  const invitations = useQuery({
    queryKey: ['invitations'],
    queryFn: ({ signal }) => api.call(listInvitations, { signal }),
    refetchInterval: INVITATIONS_EVERY_MS,
  });
  const decline = async (id: string): Promise<void> => {
    setBusy(id);
    try {
      await api.call(answerInvitation, { params: { id }, body: { accept: false } });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(null);
      void queries.invalidateQueries({ queryKey: ['invitations'] });
    }
  };
  const items = invitations.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section aria-live="polite">
      <h2>{t('cohost.invitations')}</h2>
      <ul className="st-invitations">
        {items.map(({ seatId, state, room, invitedBy }) => (
          <li key={seatId} data-testid="invitation">
            <Avatar name={invitedBy.name} size={44} live />
            <span className="st-past-text">
              <strong>{t('cohost.invitedBy', { name: invitedBy.name })}</strong>
              <span>
                {room.title} · {room.unitName}
              </span>
            </span>
            <span className="st-room-actions">
              <Button variant="soft" size="s" loading={busy === seatId} onClick={() => void decline(seatId)}>
                {t(state === 'invited' ? 'cohost.decline' : 'cohost.leave')}
              </Button>
              <Button
                size="s"
                icon={<Users aria-hidden />}
                onClick={() => void navigate(`/cohost/${seatId}`)}
                data-testid="accept-invitation"
              >
                {t(state === 'invited' ? 'cohost.accept' : 'cohost.back')}
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
};

/** Programmes from above that this store may show: one tap makes the store's room and is in it. */
export const Programmes = (): ReactNode => {
  const { api } = useServices();
  const me = useMe();
  const t = useT();
  const toast = useToast();
  const format = useFormat();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [busy, setBusy] = useState<string | null>(null);
  const products = useQuery(productsQuery(api));
  const programmes = useQuery({
    queryKey: ['programmes'],
    queryFn: ({ signal }) => api.call(listProgrammes, { signal }),
    refetchInterval: PROGRAMMES_EVERY_MS,
  });
  // Those of the own unit are its lives, not something to relay.
  const items = (programmes.data?.items ?? []).filter(({ room }) => room.orgUnit.path !== me.staff?.orgUnit.path);
  if (items.length === 0) return null;

  const relay = async (programme: (typeof items)[number]): Promise<void> => {
    const { room } = programme;
    setBusy(room.id);
    try {
      const made = await api.call(createRoom, {
        body: {
          title: room.title,
          coverUrl: room.coverUrl,
          relayOf: room.id,
          productIds: (products.data?.items ?? []).map(({ id }) => id).slice(0, BAG_MAX),
        },
      });
      await api.call(startRoom, { params: { id: made.id }, body: {} });
      void queries.invalidateQueries({ queryKey: ['rooms'] });
      void navigate(`/rooms/${made.id}/live`);
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
      setBusy(null);
    }
  };

  return (
    <section>
      <h2>{t('relay.programmes')}</h2>
      <ul className="st-invitations">
        {items.map((programme) => (
          <li key={programme.room.id} data-testid="programme">
            <img src={programme.room.coverUrl} alt="" width="56" height="56" className="st-programme-cover" />
            <span className="st-past-text">
              <strong>{programme.room.title}</strong>
              <span>
                {programme.room.orgUnit.name}
                {programme.room.state === 'scheduled' &&
                  programme.room.scheduledAt &&
                  ` · ${format.dateTime(programme.room.scheduledAt)}`}
              </span>
            </span>
            <LiveBadge state={programme.room.state} />
            <span className="st-room-actions">
              <Button
                size="s"
                icon={<Radio aria-hidden />}
                loading={busy === programme.room.id}
                disabled={busy !== null || products.isPending}
                onClick={() => void relay(programme)}
                data-testid="relay-programme"
              >
                {t('relay.start')}
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
};
