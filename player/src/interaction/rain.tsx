import type { RedPacket } from '@walnut-live/contracts';
import { Button, IconButton, useFormat } from '@walnut-live/ui';
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { Link } from 'react-router';
import { usePlayT } from './messages.ts';

/*
 * Red packets that fall over the picture. Drawn outside React: a drop must not re-render a room.
 *
 * Invariants: at most DROP_LIMIT in the air; none when the page is hidden or the person asks for less motion (one large
 * packet stands there instead); each removes itself. Every drop does the same as the button below.
 */
const DROP_LIMIT = 22;
const DROP_EVERY_MS = 240;
const FALL_MS = { least: 2_600, more: 1_600 };

const dropPackets = (box: HTMLElement): (() => void) => {
  const reduced = matchMedia('(prefers-reduced-motion: reduce)');
  const drop = (): void => {
    if (document.hidden || reduced.matches || box.childElementCount >= DROP_LIMIT) return;
    const packet = document.createElement('span');
    packet.className = 'pl-drop';
    const fallMs = FALL_MS.least + Math.random() * FALL_MS.more;
    packet.style.left = `${4 + Math.random() * 82}%`;
    packet.style.setProperty('--fall', `${Math.round(fallMs)}ms`);
    packet.style.setProperty('--turn', `${Math.round((Math.random() - 0.5) * 70)}deg`);
    packet.style.setProperty('--size', `${Math.round(46 + Math.random() * 22)}px`);
    box.append(packet);
    setTimeout(() => packet.remove(), fallMs);
  };
  const timer = setInterval(drop, DROP_EVERY_MS);
  return () => {
    clearInterval(timer);
    box.replaceChildren();
  };
};

export const Rain = ({
  packet,
  now,
  over,
  result,
  onGrab,
  onHide,
}: {
  packet: RedPacket;
  /** Server time. */
  now: number;
  over: boolean;
  /** What this person got; null before they tried. */
  result: { amountFen: number | null } | null;
  onGrab: () => Promise<void>;
  onHide: () => void;
}): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const sky = useRef<HTMLDivElement>(null);
  const [busy, setBusy] = useState(false);
  const leadSeconds = Math.ceil((Date.parse(packet.startsAt) - now) / 1_000);
  const raining = leadSeconds <= 0 && !over && result === null;
  useEffect(() => (raining && sky.current ? dropPackets(sky.current) : undefined), [raining]);

  const grab = async (): Promise<void> => {
    if (busy || !raining) return;
    setBusy(true);
    await onGrab();
    setBusy(false);
  };
  const money = format.money(packet.totalFen, { fen: 'trim' });
  const stage = document.querySelector('.pl-phone') ?? document.body;
  return createPortal(
    <div
      className="pl-rain"
      data-testid="rain"
      data-state={result ? 'result' : over ? 'over' : raining ? 'raining' : 'lead'}
    >
      <div
        ref={sky}
        className="pl-sky"
        aria-hidden="true"
        onPointerDown={(event) => void (event.target !== event.currentTarget && grab())}
      />
      {raining && <span className="pl-drop pl-rain-still" aria-hidden="true" onPointerDown={() => void grab()} />}
      <IconButton
        label={t('rain.hide')}
        icon={<X size={20} />}
        variant="glass"
        className="pl-rain-hide"
        onClick={onHide}
      />
      {result === null && !over && (
        <div className="pl-rain-foot" role="status">
          <p className="pl-rain-title">{raining ? t('rain.tap') : t('rain.ready')}</p>
          {!raining && (
            <p key={leadSeconds} className="pl-rain-lead wl-number" role="timer">
              {Math.max(1, leadSeconds)}
            </p>
          )}
          <p>
            {packet.title} · {t('rain.total', { money, count: packet.count })}
          </p>
          {raining && (
            <>
              <Button variant="hot" size="l" loading={busy} onClick={() => void grab()} data-testid="grab">
                {t('rain.grab')}
              </Button>
              <p className="pl-rain-left">{t('rain.left', { count: format.count(packet.count - packet.taken) })}</p>
            </>
          )}
        </div>
      )}
      {(result !== null || over) && (
        <section className="pl-envelope" role="alertdialog" aria-label={t('rain.label')}>
          <div className="pl-envelope-flap" aria-hidden="true">
            <span>¥</span>
          </div>
          <p className="pl-envelope-title">{packet.title}</p>
          {result && result.amountFen !== null ? (
            <>
              <p>{t('rain.got')}</p>
              <p className="pl-envelope-money wl-number" data-testid="grabbed" data-fen={result.amountFen}>
                {format.money(result.amountFen)}
              </p>
              <p className="pl-envelope-fine">{t('rain.saved')}</p>
              <Link to="/me#rewards" className="pl-envelope-link">
                {t('rain.rewards')}
              </Link>
            </>
          ) : (
            <>
              <p className="pl-envelope-missed">{t(result === null ? 'rain.over' : 'rain.missed')}</p>
              <p className="pl-envelope-fine">
                {result === null ? t('rain.taken', { count: format.count(packet.taken) }) : t('rain.missedHint')}
              </p>
            </>
          )}
          <Button variant="soft" block onClick={onHide} data-testid="rain-ok">
            {t('rain.ok')}
          </Button>
        </section>
      )}
    </div>,
    stage,
  );
};
