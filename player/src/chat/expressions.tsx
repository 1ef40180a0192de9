import { type StickerId, stickers } from '@walnut-live/contracts';
import { Sheet, Sticker } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useSheetT } from './sheet-messages.ts';
import './sheets.css';

const EMOJI = [
  ...['😀', '😄', '😁', '😂', '🤣', '😊', '😍', '🥰', '😘', '😋', '😎', '🤩', '🥳', '😜', '🤔', '😮'],
  ...['😅', '😭', '😴', '🤗', '🙏', '👏', '👍', '👌', '✌️', '💪', '🙌', '👀', '❤️', '🧡', '💛', '💚'],
  ...['🔥', '✨', '🎉', '🎁', '🌰', '🥛', '🍵', '🍰', '🛒', '💰', '📦', '🚚', '⏰', '🌟', '☀️', '🌙'],
] as const;

/** Stickers go at once; an emoji goes into what is being written, and the sheet stays for the next one. */
export default function Expressions({
  open,
  onClose,
  onEmoji,
  onSticker,
}: {
  open: boolean;
  onClose: () => void;
  onEmoji: (emoji: string) => void;
  onSticker: (sticker: StickerId) => void;
}): ReactNode {
  const t = useSheetT();
  return (
    <Sheet open={open} onClose={onClose} title={t('expressions.title')} wide="center">
      <h3 className="pl-sheet-part">{t('expressions.stickers')}</h3>
      <ul className="pl-sticker-grid">
        {stickers.map((id) => (
          <li key={id}>
            <button type="button" onClick={() => onSticker(id)} data-testid={`sticker-${id}`}>
              <Sticker id={id} size={64} />
            </button>
          </li>
        ))}
      </ul>
      <h3 className="pl-sheet-part">{t('expressions.emoji')}</h3>
      <ul className="pl-emoji-grid">
        {EMOJI.map((emoji) => (
          <li key={emoji}>
            <button type="button" onClick={() => onEmoji(emoji)}>
              {emoji}
            </button>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
