import { useQueryClient } from '@tanstack/react-query';
import { createRoom, patchRoom, type Room, setAudience } from '@walnut-live/contracts';
import { Button, Sheet, useErrorText, useToast } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useMe, useServices } from '../app/services.tsx';
import { CallOffButton } from '../booking/bookings.tsx';
import { AiPictureChoice } from '../encoder/ai-picture-choice.tsx';
import { useT } from '../i18n/index.ts';
import { AudienceChips } from '../whom/audience-chips.tsx';
import { suggestedStart, toLocalInput } from './today-view.ts';

export const covers = [
  { url: '/pictures/room-store-tasting.svg', key: 'create.cover.store' },
  { url: '/pictures/room-walnut-grove.svg', key: 'create.cover.grove' },
  { url: '/pictures/room-factory.svg', key: 'create.cover.factory' },
  { url: '/pictures/room-new-product-evening.svg', key: 'create.cover.evening' },
] as const;

const RoomForm = ({ room, onDone }: { room: Room | null; onDone: () => void }): ReactNode => {
  const { api } = useServices();
  const me = useMe();
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const id = useId();
  const [title, setTitle] = useState(room?.title ?? '');
  const [when, setWhen] = useState(() =>
    toLocalInput(room?.scheduledAt ? new Date(room.scheduledAt) : suggestedStart(new Date())),
  );
  const [cover, setCover] = useState<string>(room?.coverUrl ?? covers[0].url);
  const [audience, chooseAudience] = useState(room?.audience ?? 'everyone');
  const [aiPicture, sayAiPicture] = useState(room?.aiPicture ?? false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const start = new Date(when);
    if (Number.isNaN(start.getTime()) || (start.getTime() < Date.now() && start.toISOString() !== room?.scheduledAt))
      return setProblem(t('create.when.past'));
    const body = {
      title: title.trim() || t('prepare.defaultTitle', { name: me.name }),
      coverUrl: cover,
      // Left as it was, it is not said: a colleague may have said it meanwhile.
      ...(aiPicture !== (room?.aiPicture ?? false) && { aiPicture }),
      scheduledAt: start.toISOString(),
    };
    setBusy(true);
    setProblem(null);
    try {
      if (room) await api.call(patchRoom, { params: { id: room.id }, body });
      else await api.call(createRoom, { body: { ...body, audience } });
      if (room && audience !== room.audience)
        await api.call(setAudience, { params: { id: room.id }, body: { audience } });
      await queries.invalidateQueries({ queryKey: ['rooms'] });
      toast(t(room ? 'app.saved' : 'create.done'), { tone: 'success' });
      onDone();
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <div className="st-field">
        <label htmlFor={`${id}-title`}>{t('create.name')}</label>
        <input
          id={`${id}-title`}
          className="st-input"
          value={title}
          maxLength={60}
          placeholder={t('create.name.placeholder')}
          onChange={(event) => setTitle(event.target.value)}
        />
      </div>
      <div className="st-field">
        <label htmlFor={`${id}-when`}>{t('create.when')}</label>
        <input
          id={`${id}-when`}
          className="st-input"
          type="datetime-local"
          value={when}
          required
          onChange={(event) => setWhen(event.target.value)}
        />
      </div>
      <fieldset className="st-fieldset">
        <legend className="st-legend">{t('create.cover')}</legend>
        <div className="st-covers">
          {covers.map((option) => (
            <label key={option.url}>
              <input
                type="radio"
                name={`${id}-cover`}
                value={option.url}
                checked={cover === option.url}
                onChange={() => setCover(option.url)}
              />
              <img src={option.url} alt="" />
              <span>{t(option.key)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {room?.kind !== 'conference' && <AudienceChips value={audience} onChange={chooseAudience} />}
      <AiPictureChoice value={aiPicture} onChange={sayAiPicture} />
      <p className="st-problem" role="alert">
        {problem}
      </p>
      <Button type="submit" size="l" block loading={busy}>
        {t(room ? 'create.save' : 'create.submit')}
      </Button>
      {room && <CallOffButton room={room} onDone={onDone} />}
    </form>
  );
};

export const RoomSheet = ({ editing, onClose }: { editing: Room | 'new' | null; onClose: () => void }): ReactNode => {
  const t = useT();
  return (
    <Sheet open={editing !== null} onClose={onClose} title={t(editing === 'new' ? 'create.title' : 'create.editTitle')}>
      {editing && <RoomForm room={editing === 'new' ? null : editing} onDone={onClose} />}
    </Sheet>
  );
};
