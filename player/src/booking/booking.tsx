import { bookRoom, getBooking, type RoomBooking, unbookRoom } from '@walnut-live/contracts';
import { Button, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Bell, BellRing } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useMine } from '../interaction/use-mine.ts';
import { useBookingT } from './messages.ts';
import './booking.css';

const inWechat = (): boolean => /MicroMessenger/i.test(navigator.userAgent);

/** Book the room by one tap, take it back by another; nothing while it is not known whether one has. */
const Booking = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useBookingT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const { mine } = useMine<RoomBooking>(roomId, () => api.call(getBooking, { params: { id: roomId } }));
  const [changed, setChanged] = useState<RoomBooking | null>(null);
  const [busy, setBusy] = useState(false);
  const booking = changed ?? mine;
  if (!booking) return <div className="pl-booking" aria-busy="true" />;
  const { booked, people, remindMinutes: minutes, wechatUrl } = booking;

  const change = async (wanted: boolean): Promise<void> => {
    setBusy(true);
    try {
      if (wanted && !(await requireConsumer('play'))) return;
      const params = { id: roomId };
      setChanged(wanted ? await api.call(bookRoom, { params, body: {} }) : await api.call(unbookRoom, { params }));
      toast(wanted ? t('book.toast', { minutes }) : t('book.undone'), { tone: wanted ? 'success' : 'info' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="pl-booking" data-testid="booking" data-booked={booked} data-people={people}>
      {booked ? (
        <p className="pl-booking-done">
          <BellRing size={18} aria-hidden="true" />
          <b>{t('book.done')}</b>
          <button type="button" disabled={busy} onClick={() => void change(false)} data-testid="unbook">
            {t('book.undo')}
          </button>
        </p>
      ) : (
        <Button
          variant="hot"
          size="l"
          block
          loading={busy}
          icon={<Bell size={18} aria-hidden="true" />}
          onClick={() => void change(true)}
          data-testid="book"
        >
          {t('book')}
        </Button>
      )}
      <p className="pl-booking-people">
        {people === 0 ? t('book.first') : t('book.people', { count: format.count(people) })}
      </p>
      <p className="pl-center-hint">{booked ? t('book.when', { minutes }) : t('book.consent')}</p>
      {wechatUrl !== null && inWechat() && (
        <a className="wl-btn wl-btn-glass wl-btn-m wl-btn-block" href={wechatUrl} data-testid="book-wechat">
          {t('book.wechat')}
        </a>
      )}
    </div>
  );
};
export default Booking;
