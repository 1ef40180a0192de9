import { IconButton, useFormat, useToast } from '@walnut-live/ui';
import { Heart, SendHorizontal, Share2, ShoppingBag } from 'lucide-react';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { useHearts } from './hearts.tsx';
import { useRoom, useRoomHandle } from './use-room.ts';

/** The contract's longest message. */
const MAX_LENGTH = 200;

export const BottomBar = ({ onBag, onShare }: { onBag: () => void; onShare: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const toast = useToast();
  const session = useRoomHandle();
  const { api, requireConsumer } = useServices();
  const stage = useRoom((state) => state.stage);
  const bagSize = useRoom((state) => state.bag.items.length);
  const likes = useRoom((state) => state.likes + state.likesUnsent);
  const muted = useRoom((state) => state.selfMuted);
  const paused = useRoom((state) => state.paused);
  const hearts = useHearts();
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);

  /** Guests are asked to sign in before the keyboard is up, and come back to the same field. */
  const onFocus = async (): Promise<void> => {
    if (api.me()?.kind === 'consumer') return;
    input.current?.blur();
    if (await requireConsumer('chat')) setTimeout(() => input.current?.focus(), 60);
  };

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!text.trim() || paused) return;
    if (!(await requireConsumer('chat'))) return;
    if (session.sendChat(text) === null) return toast(t('chat.slow'), { tone: 'error' });
    setText('');
  };

  return (
    <div className="pl-bar">
      <button
        type="button"
        className="pl-bag"
        onClick={onBag}
        data-testid="bag"
        aria-label={t('bag.open', { count: bagSize })}
      >
        <ShoppingBag size={22} aria-hidden="true" />
        {bagSize > 0 && <span className="pl-bag-count wl-number">{bagSize}</span>}
      </button>
      {stage === 'ended' ? (
        <span className="pl-composer" />
      ) : (
        <form className="pl-composer" onSubmit={submit}>
          <input
            ref={input}
            data-testid="chat-input"
            value={text}
            maxLength={MAX_LENGTH}
            enterKeyHint="send"
            autoComplete="off"
            disabled={muted !== null}
            aria-label={t('chat.placeholder')}
            placeholder={t(muted ? 'chat.muted' : paused ? 'paused.composer' : 'chat.placeholder')}
            onFocus={onFocus}
            onChange={(event) => setText(event.target.value)}
          />
          {text.trim() !== '' && (
            <button
              type="submit"
              className="pl-send"
              aria-label={t(paused ? 'paused.send' : 'chat.send')}
              disabled={paused}
              data-testid="chat-send"
            >
              <SendHorizontal size={18} aria-hidden="true" />
            </button>
          )}
        </form>
      )}
      <IconButton
        label={t('share.open')}
        icon={<Share2 size={20} />}
        variant="glass"
        onClick={onShare}
        data-testid="share"
      />
      <span className="pl-like">
        <IconButton
          label={t('like.label')}
          icon={<Heart size={22} className="pl-like-heart" />}
          variant="glass"
          data-testid="like"
          onClick={(event) => {
            session.like();
            const box = event.currentTarget.getBoundingClientRect();
            hearts.burst(box.left + box.width / 2, box.top);
          }}
        />
        <span className="pl-like-count wl-number" data-testid="like-count" data-count={likes}>
          {format.count(likes)}
        </span>
      </span>
    </div>
  );
};
