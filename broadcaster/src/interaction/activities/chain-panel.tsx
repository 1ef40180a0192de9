import { type Chain, type ChainLine, closeChain, openChain, removeChainLine } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Badge, Button, IconButton, useConfirm, useFormat } from '@walnut-live/ui';
import { Trash2 } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';
import { useSelect, useServices } from '../../app/services.tsx';
import { TextField } from '../../controls/text-field.tsx';
import { ExportChain, PastChains } from './chain-export.tsx';
import { useActivityT } from './messages.ts';
import { useRun } from './use-run.ts';

const ChainForm = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useActivityT();
  const { api } = useServices();
  const { busy, run } = useRun();
  const id = useId();
  const bag = useSelect(session, (state) => state.bag);
  const [title, setTitle] = useState(t('chain.title.default'));
  const [productId, setProductId] = useState(bag.pinnedProductId ?? '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const body = { roomId: session.roomId, title: title.trim(), productId: productId || null };
        void run(() => api.call(openChain, { body }));
      }}
    >
      <TextField label={t('chain.title')} maxLength={30} value={title} onChange={setTitle} />
      <div className="st-field">
        <label htmlFor={id}>{t('chain.product')}</label>
        <select id={id} className="st-input" value={productId} onChange={(event) => setProductId(event.target.value)}>
          <option value="">{t('chain.product.none')}</option>
          {bag.items.map(({ product }) => (
            <option key={product.id} value={product.id}>
              {product.title}
            </option>
          ))}
        </select>
      </div>
      <p className="st-hint st-play-hint">{t('chain.hint')}</p>
      <Button
        type="submit"
        variant="hot"
        size="l"
        block
        loading={busy}
        disabled={title.trim() === ''}
        data-testid="chain-open"
      >
        {t('chain.open')}
      </Button>
    </form>
  );
};

const Lines = ({ chain }: { chain: Chain }): ReactNode => {
  const t = useActivityT();
  const confirm = useConfirm();
  const { api } = useServices();
  const { busy, run } = useRun();
  const remove = async ({ no, name }: ChainLine): Promise<void> => {
    const yes = await confirm({
      ...{ title: t('chain.remove.title', { no, name }), body: t('chain.remove.body'), theme: 'dark' as const },
      ...{ confirmText: t('chain.remove.yes'), cancelText: t('cancel'), tone: 'danger' as const },
    });
    if (!yes) return;
    const body = { no, reason: t('chain.remove.reason') };
    await run(() => api.call(removeChainLine, { params: { id: chain.id }, body }));
  };
  return (
    <>
      <h3 className="st-legend">{t('chain.latest')}</h3>
      {chain.latest.length === 0 && <p className="st-hint">{t('chain.none')}</p>}
      <ol className="st-play-winners" data-testid="chain-lines">
        {chain.latest.map((line) => (
          <li key={line.no} data-state={line.state}>
            <b className="wl-number">{line.no}</b>
            <span>
              {line.name}
              {line.note && (
                <>
                  <br />
                  {line.note}
                </>
              )}
            </span>
            <span className="wl-number">
              {line.state === 'in'
                ? t('chain.pieces', { count: line.quantity })
                : t(line.state === 'removed' ? 'chain.removed' : 'chain.left')}
            </span>
            {line.state !== 'removed' && (
              <IconButton
                label={t('chain.remove', { no: line.no })}
                icon={<Trash2 size={18} aria-hidden />}
                disabled={busy}
                onClick={() => void remove(line)}
              />
            )}
          </li>
        ))}
      </ol>
    </>
  );
};

/** The chain of the room, or the form for one. */
export const ChainPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  const { api } = useServices();
  const { busy, run } = useRun();
  const chain = useSelect(session, (state) => state.activities.chain);
  /** The closed one that was put aside for another. */
  const [aside, setAside] = useState<string | null>(null);
  if (!chain || (chain.state === 'closed' && aside === chain.id))
    return (
      <>
        <ChainForm session={session} />
        <PastChains roomId={session.roomId} />
      </>
    );
  const params = { id: chain.id };
  return (
    <div className="st-play" data-testid="chain-panel" data-state={chain.state}>
      <div className="st-play-now">
        <Badge tone={chain.state === 'open' ? 'hot' : 'neutral'}>
          {t(chain.state === 'open' ? 'chain.running' : 'chain.closed')}
        </Badge>
        <strong>{chain.title}</strong>
        {chain.product && <span>{chain.product.title}</span>}
        <span className="st-act-number wl-number" data-testid="chain-sums" data-pieces={chain.pieces}>
          {t('chain.sums', { people: format.count(chain.people), pieces: format.count(chain.pieces) })}
        </span>
      </div>
      <ExportChain chain={chain} />
      <Lines chain={chain} />
      {chain.state === 'open' ? (
        <Button
          size="l"
          block
          loading={busy}
          onClick={() => void run(() => api.call(closeChain, { params, body: {} }))}
          data-testid="chain-close"
        >
          {t('chain.close')}
        </Button>
      ) : (
        <Button size="l" block onClick={() => setAside(chain.id)}>
          {t('chain.again')}
        </Button>
      )}
    </div>
  );
};
