import { PlusOutlined } from '@ant-design/icons';
import { endRoomSlot, listRoomSlots, listRooms, type RoomSlot, type SlotDate } from '@walnut-live/contracts';
import {
  Badge,
  type BadgeTone,
  EmptyState,
  Skeleton,
  useConfirm,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { Alert, Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { Panel } from '../../shared/page.tsx';
import { useCampaignT } from './messages.ts';
import { SlotDialog } from './slot-dialog.tsx';

const tones: Record<SlotDate['state'], BadgeTone> = {
  planned: 'neutral',
  room: 'success',
  changed: 'warn',
  cancelled: 'danger',
  excepted: 'neutral',
};

/** Recurring lives of my scope, and what becomes of their next days. */
export const Slots = (): ReactNode => {
  const t = useCampaignT();
  const { may } = useSession();
  const query = useCall(listRoomSlots, {});
  const [editing, setEditing] = useState<RoomSlot | 'new' | null>(null);
  const newButton = may('rooms:write') ? (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing('new')} data-testid="slot-new">
      {t('slot.new')}
    </Button>
  ) : null;
  return (
    <div className="co-campaigns">
      <AsyncView
        query={query}
        skeleton={<Skeleton lines={4} height={60} />}
        isEmpty={({ items }) => items.length === 0}
        empty={
          <Panel>
            <EmptyState illustration="rooms" title={t('slot.empty')} hint={t('slot.emptyHint')} action={newButton} />
          </Panel>
        }
      >
        {({ items }) => (
          <div className="co-campaigns">
            <div className="co-campaign-top">{newButton}</div>
            {items.map((slot) => (
              <Slot key={slot.id} slot={slot} onEdit={() => setEditing(slot)} />
            ))}
          </div>
        )}
      </AsyncView>
      {editing !== null && <SlotDialog slot={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
    </div>
  );
};

const Slot = ({ slot, onEdit }: { slot: RoomSlot; onEdit: () => void }): ReactNode => {
  const t = useCampaignT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { may } = useSession();
  const end = useAction(endRoomSlot, [listRoomSlots.id, listRooms.id]);
  const days = slot.weekdays
    .toSorted((a, b) => a - b)
    .map((day) => t(`day.${day as 1 | 2 | 3 | 4 | 5 | 6 | 7}`))
    .join(t('day.join'));
  const ask = async (): Promise<void> => {
    if (!(await confirm({ title: t('slot.end'), body: t('slot.endAsk'), confirmText: t('slot.end') }))) return;
    end.mutate(
      { params: { id: slot.id }, body: {} },
      { onError: (error) => toast(errorText(error), { tone: 'error' }) },
    );
  };
  return (
    <Panel
      title={slot.title}
      testId="slot"
      extra={
        may('rooms:write') && (
          <span className="co-inline">
            <Button size="small" onClick={onEdit}>
              {t('slot.edit')}
            </Button>
            <Button size="small" danger loading={end.isPending} onClick={() => void ask()}>
              {t('slot.end')}
            </Button>
          </span>
        )
      }
    >
      <p className="co-page-hint">
        {t('slot.rule', { days, time: slot.startsAt, minutes: slot.durationMinutes })} · {slot.host.name} ·{' '}
        {slot.orgUnit.name}
      </p>
      {slot.problem && <Alert type="warning" showIcon title={t(`slot.problem.${slot.problem}`)} />}
      <ol className="co-slot-dates">
        {slot.dates.map((date) => (
          <li key={date.date} data-state={date.state}>
            {date.roomId && date.state !== 'cancelled' ? (
              <Link to={`/rooms/${date.roomId}`}>{format.dateTime(date.startsAt)}</Link>
            ) : (
              <span>{format.dateTime(date.startsAt)}</span>
            )}
            <Badge tone={tones[date.state]}>{t(`slot.state.${date.state}`)}</Badge>
          </li>
        ))}
      </ol>
    </Panel>
  );
};
