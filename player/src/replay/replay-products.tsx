import type { BagItem, Replay, ReplayMarker } from '@walnut-live/contracts';
import { headlinePriceAt } from '@walnut-live/live-client/room';
import { Button, Price } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { useRoom } from '../room/use-room.ts';

export const clockText = (seconds: number): string => {
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole >= 3_600 ? `${Math.floor(whole / 3_600)}:${minutes}` : minutes;
};

const useTitles = (): ReadonlyMap<string, string> => {
  const items = useRoom((state) => state.bag.items);
  return new Map(items.map(({ product }) => [product.id, product.title]));
};

/** Where products were explained, as places on a line as long as the recording. */
export const ReplayTimeline = ({
  replay,
  atSeconds,
  onJump,
}: {
  replay: Replay;
  atSeconds: number;
  onJump: (seconds: number) => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const titles = useTitles();
  const share = (seconds: number): string => `${Math.min(100, (seconds / Math.max(1, replay.durationSeconds)) * 100)}%`;
  const pins = replay.markers.filter(({ kind }) => kind === 'pin');
  if (pins.length === 0) return null;
  return (
    <nav className="pl-timeline" aria-label={t('replay.timeline')}>
      <span className="pl-timeline-done" style={{ inlineSize: share(atSeconds) }} />
      {pins.map((pin) => (
        <button
          key={pin.atSeconds}
          type="button"
          className="pl-timeline-mark"
          style={{ insetInlineStart: share(pin.atSeconds) }}
          data-testid="replay-marker"
          data-at={pin.atSeconds}
          aria-current={atSeconds >= pin.atSeconds && atSeconds < (pin.untilSeconds ?? 0)}
          aria-label={t('replay.jump', { title: titles.get(pin.productId) ?? '', time: clockText(pin.atSeconds) })}
          onClick={() => onJump(pin.atSeconds)}
        />
      ))}
    </nav>
  );
};

const Moment = ({ marker, title, onJump }: { marker: ReplayMarker; title: string; onJump: () => void }): ReactNode => {
  const t = playerI18n.useT();
  const time = clockText(marker.atSeconds);
  return (
    <button
      type="button"
      className="pl-moment"
      data-kind={marker.kind}
      aria-label={t('replay.jump', { title, time })}
      onClick={onJump}
    >
      <span className="wl-number">{time}</span>
      {marker.kind === 'offer' && <span>{t('replay.offer')}</span>}
      {marker.kind === 'purchases' && <span>{t('replay.bought', { count: marker.quantity ?? 1 })}</span>}
    </button>
  );
};

const Product = ({
  item,
  replay,
  onJump,
}: {
  item: BagItem;
  replay: Replay;
  onJump: (s: number) => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const { openProduct, buy } = usePurchase();
  const price = headlinePriceAt(item, Date.now());
  const { product } = item;
  if (!price) return null;
  return (
    <li className="pl-replay-product" data-testid="replay-product">
      <button type="button" className="pl-replay-open" onClick={() => openProduct(product.id)}>
        <img src={product.pictureUrl} alt="" width={64} height={64} loading="lazy" />
        <span className="pl-replay-text">
          <span className="pl-replay-name">{product.title}</span>
          <Price fen={price.priceFen} struckFen={price.struckFen} />
        </span>
      </button>
      <Button
        variant="hot"
        size="s"
        disabled={price.soldOut}
        aria-label={`${t('replay.buy')} ${product.title}`}
        data-testid="replay-buy"
        onClick={() => buy(product.id)}
      >
        {price.soldOut ? t('product.soldOut') : t('product.buy')}
      </Button>
      <div className="pl-moments">
        {replay.markers
          .filter((marker) => marker.productId === product.id)
          .map((marker) => (
            <Moment
              key={`${marker.kind} ${marker.atSeconds}`}
              marker={marker}
              title={product.title}
              onJump={() => onJump(marker.atSeconds)}
            />
          ))}
      </div>
    </li>
  );
};

/** The room's products, each with the moments in which it was talked about: a tap goes there. */
export const ReplayProducts = ({
  replay,
  onJump,
}: {
  replay: Replay;
  onJump: (seconds: number) => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const items = useRoom((state) => state.bag.items);
  if (items.length === 0) return null;
  return (
    <section className="pl-replay-products">
      <h2>{t('replay.products')}</h2>
      <ul>
        {items.map((item) => (
          <Product key={item.product.id} item={item} replay={replay} onJump={onJump} />
        ))}
      </ul>
    </section>
  );
};
