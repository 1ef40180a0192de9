import { bookRoom, getBooking, type RoomBooking, unbookRoom } from '@walnut-live/contracts';
import { Button, ErrorState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Bell, BellRing } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useMine } from '../interaction/use-mine.ts';
import { useBookingT } from './messages.ts';
import './booking.css';

const inWechat = (): boolean => /MicroMessenger/i.test(navigator.userAgent);

/**
 * What came of WeChat's question, as the way back from it says. Read past the router: whichever hook of its this part asked
 * for would be fetched by everybody before the room opens.
 */
const outcomes = ['wechat', 'here', 'late'] as const;
const useTold = (): (typeof outcomes)[number] | null => {
  const [told] = useState(() => {
    const said = new URLSearchParams(location.search).get('told');
    return outcomes.find((outcome) => outcome === said) ?? null;
  });
  // Said once; nobody should copy it on.
  useEffect(() => {
    const url = new URL(location.href);
    if (!url.searchParams.has('told')) return;
    url.searchParams.delete('told');
    history.replaceState(history.state, '', url);
  }, []);
  return told;
};

/** Book the room by one tap, take it back by another; nothing while it is not known whether one has. */
const Booking = ({
  roomId,
  leaveFor = (url) => location.assign(url),
}: {
  roomId: string;
  leaveFor?: (url: string) => void;
}): ReactNode => {
  const t = useBookingT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api, requireConsumer } = useServices();
  const told = useTold();
  const [failure, setFailure] = useState<unknown>(null);
  const ask = (): Promise<RoomBooking> => api.call(getBooking, { params: { id: roomId } });
  const { mine, again } = useMine<RoomBooking>(roomId, async () => {
    setFailure(null);
    try {
      return await ask();
    } catch (error) {
      setFailure(error);
      throw error;
    }
  });
  const [changed, setChanged] = useState<RoomBooking | null>(null);
  const [busy, setBusy] = useState(false);
  const booking = changed ?? mine;
  if (!booking && failure !== null)
    return (
      <div className="pl-booking" data-testid="booking-failed">
        <ErrorState error={failure} onRetry={() => void again()} compact />
      </div>
    );
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

  /** The way to WeChat's question lasts an hour, so it is fetched when it is taken. */
  const askInWechat = async (): Promise<void> => {
    setBusy(true);
    try {
      const fresh = await ask();
      setChanged(fresh);
      if (fresh.wechatUrl !== null) leaveFor(fresh.wechatUrl);
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
      {told !== null && booked && (
        <p className="pl-center-hint" role="status" data-testid="told">
          {t(`told.${told}`)}
        </p>
      )}
      {wechatUrl !== null && inWechat() && (
        <Button variant="glass" block loading={busy} onClick={() => void askInWechat()} data-testid="book-wechat">
          {t('book.wechat')}
        </Button>
      )}
    </div>
  );
};
export default Booking;
