import { useQuery, useQueryClient } from '@tanstack/react-query';
import { cancelRoom, type Room, roomBookings } from '@walnut-live/contracts';
import { Button, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Bell } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useBookingT } from './messages.ts';

const REFRESH_MS = 30_000;
const useBookings = (roomId: string) => {
  const { api } = useServices();
  return useQuery({
    queryKey: ['bookings', roomId],
    queryFn: ({ signal }) => api.call(roomBookings, { params: { id: roomId }, signal }),
    refetchInterval: REFRESH_MS,
  });
};

/** How many wait for this live; nothing while it is not known. */
export const BookingCount = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useBookingT();
  const format = useFormat();
  const { data } = useBookings(roomId);
  if (!data) return null;
  return (
    <span className="st-booked wl-number" data-testid="bookings" data-people={data.people}>
      <Bell size={13} aria-hidden /> {data.people === 0 ? t('none') : t('people', { count: format.count(data.people) })}
    </span>
  );
};

/** Calls a scheduled live off after saying who will hear of it. */
export const CallOffButton = ({ room, onDone }: { room: Room; onDone: () => void }): ReactNode => {
  const t = useBookingT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { api } = useServices();
  const queries = useQueryClient();
  const { data } = useBookings(room.id);
  const [busy, setBusy] = useState(false);
  const callOff = async (): Promise<void> => {
    const people = data?.people ?? 0;
    const body = people > 0 ? t('cancel.people', { count: format.count(people) }) : t('cancel.nobody');
    if (!(await confirm({ title: t('cancel.ask', { title: room.title }), body, confirmText: t('cancel') }))) return;
    setBusy(true);
    try {
      await api.call(cancelRoom, { params: { id: room.id }, body: { reason: t('cancel.reason') } });
      await queries.invalidateQueries({ queryKey: ['rooms'] });
      toast(t('cancel.done'), { tone: 'success' });
      onDone();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="ghost" block loading={busy} onClick={() => void callOff()} data-testid="call-off">
      {t('cancel')}
    </Button>
  );
};
