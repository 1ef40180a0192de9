import { useQuery } from '@tanstack/react-query';
import { endRedPacket, listBudgets, startRedPacket } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Badge, Button, Countdown, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useSelect, useServices } from '../app/services.tsx';
import { Chips } from '../controls/chips.tsx';
import { TextField } from '../controls/text-field.tsx';
import { usePlayT } from './messages.ts';
import { readRain } from './play-input.ts';

const SECONDS = [30, 60, 120] as const;

const RainForm = ({ session, orgUnitId }: { session: RoomSession; orgUnitId: string | undefined }): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const { api, pending } = useServices();
  const [title, setTitle] = useState(t('rain.title.default'));
  const [total, setTotal] = useState('');
  const [count, setCount] = useState('');
  const [seconds, setSeconds] = useState<(typeof SECONDS)[number]>(60);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const budgets = useQuery({
    queryKey: ['budgets', orgUnitId],
    queryFn: ({ signal }) => api.call(listBudgets, { signal }),
  });
  const budget = budgets.data?.items.find(({ orgUnit }) => orgUnit.id === orgUnitId);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const read = readRain({ total, count });
    if (!read) return setProblem(t('problem.rain'));
    setProblem(null);
    const money = format.money(read.totalFen, { fen: 'trim' });
    const yes = await confirm({
      ...{
        title: t('rain.start.title', { money }),
        body: t('rain.start.body', { count: read.count }),
        theme: 'dark' as const,
      },
      ...{ confirmText: t('rain.start'), cancelText: t('cancel') },
    });
    if (!yes) return;
    setBusy(true);
    const body = { ...read, roomId: session.roomId, title: title.trim(), durationSeconds: seconds };
    try {
      await pending.run(`red-packet:${session.roomId}`, body, (idempotencyKey) =>
        api.call(startRedPacket, { body, idempotencyKey }),
      );
      void budgets.refetch();
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate data-testid="rain-form">
      <p className="st-play-budget" data-testid="budget">
        {budget &&
          (budget.availableFen > 0
            ? t('rain.budget', { money: format.money(budget.availableFen, { fen: 'trim' }) })
            : t('rain.budget.none'))}
      </p>
      <TextField label={t('rain.title')} maxLength={30} value={title} onChange={setTitle} />
      <div className="st-field-row">
        <TextField label={t('rain.total')} number="decimal" value={total} onChange={setTotal} />
        <TextField label={t('rain.count')} number="numeric" value={count} onChange={setCount} />
      </div>
      <Chips
        legend={t('rain.seconds')}
        values={SECONDS}
        value={seconds}
        onChange={setSeconds}
        show={(n) => t('rain.n', { n })}
      />
      <p className="st-problem" role="alert">
        {problem}
      </p>
      <p className="st-hint st-play-hint">{t('rain.hint')}</p>
      <Button
        type="submit"
        variant="hot"
        size="l"
        block
        loading={busy}
        disabled={title.trim() === ''}
        data-testid="rain-start"
      >
        {t('rain.start')}
      </Button>
    </form>
  );
};

/** The rain of the room, or the form for one. */
export const RainPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useServices();
  const packet = useSelect(session, (state) => state.interaction.redPacket);
  const orgUnitId = useSelect(session, (state) => state.room?.orgUnit.id);
  const [busy, setBusy] = useState(false);
  if (packet?.state !== 'running')
    return (
      <>
        {packet && (
          <p className="st-play-last" role="status">
            {t('rain.ended', {
              taken: format.count(packet.taken),
              money: format.money(packet.returnedFen ?? 0, { fen: 'trim' }),
            })}
          </p>
        )}
        <RainForm session={session} orgUnitId={orgUnitId} />
      </>
    );
  const end = async (): Promise<void> => {
    setBusy(true);
    try {
      await api.call(endRedPacket, { params: { id: packet.id }, body: {} });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="st-play" data-testid="rain-panel">
      <div className="st-play-now">
        <Badge tone="hot">{t('rain.running')}</Badge>
        <strong>{packet.title}</strong>
        <Countdown until={packet.endsAt} serverOffsetMs={session.serverNowMs() - Date.now()} />
        <span className="wl-number">{t('rain.taken', { taken: packet.taken, count: packet.count })}</span>
        <progress max={packet.count} value={packet.taken} aria-label={t('rain.running')} />
      </div>
      <Button variant="soft" size="l" block loading={busy} onClick={() => void end()} data-testid="rain-end">
        {t('rain.end')}
      </Button>
    </div>
  );
};
