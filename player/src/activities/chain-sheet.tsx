import {
  type Chain,
  type ChainLine,
  chainLines,
  MAX_CHAIN_NOTE,
  MAX_CHAIN_QUANTITY,
  myLine,
} from '@walnut-live/contracts';
import { Button, QuantityStepper, Sheet, useFormat, useToast } from '@walnut-live/ui';
import { ShoppingBag } from 'lucide-react';
import { type FormEvent, type ReactNode, useCallback, useEffect, useId, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useMine } from '../interaction/use-mine.ts';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { useRoom, useRoomHandle } from '../room/use-room.ts';
import { useActivityT } from './messages.ts';
import { useProblemText } from './use-problem-text.ts';
import { mergeLines } from './view.ts';

/** Lines of pages that were asked for, and whether there are earlier ones. */
const useLines = (chain: Chain, open: boolean) => {
  const { api } = useServices();
  const [pages, setPages] = useState<readonly ChainLine[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [state, setState] = useState<'idle' | 'loading' | 'failed'>('idle');
  const load = useCallback(
    async (from: string | null): Promise<void> => {
      setState('loading');
      try {
        const page = await api.call(chainLines, {
          params: { id: chain.id },
          query: { limit: 50, ...(from === null ? {} : { cursor: from }) },
        });
        setPages((known) => mergeLines(known, page.items));
        setCursor(page.nextCursor);
        setState('idle');
      } catch {
        setState('failed');
      }
    },
    [api, chain.id],
  );
  // Each time it is opened: what happened meanwhile may be more than the newest lines that the room was told of.
  useEffect(() => void (open && load(null)), [open, load]);
  return { lines: mergeLines(pages, chain.latest), cursor, state, load };
};

const Line = ({ line, isMe }: { line: ChainLine; isMe: boolean }): ReactNode => {
  const t = useActivityT();
  return (
    <li data-me={isMe ? '' : undefined} data-state={line.state} data-no={line.no}>
      <b className="wl-number">{line.no}</b>
      <span className="pl-line-text">
        <span>{isMe ? t('chain.me') : line.name}</span>
        {line.note && <small>{line.note}</small>}
      </span>
      <span className="wl-number">
        {line.state === 'in'
          ? t('chain.pieces', { count: line.quantity })
          : t(line.state === 'removed' ? 'chain.removed' : 'chain.left')}
      </span>
    </li>
  );
};

const JoinForm = ({
  chain,
  line,
  onLine,
}: {
  chain: Chain;
  line: ChainLine | null;
  onLine: (line: ChainLine) => void;
}): ReactNode => {
  const t = useActivityT();
  const toast = useToast();
  const problemText = useProblemText();
  const { requireConsumer } = useServices();
  const session = useRoomHandle();
  const id = useId();
  const isIn = line?.state === 'in';
  const [quantity, setQuantity] = useState(line?.quantity ?? 1);
  const [note, setNote] = useState(line?.note ?? '');
  const [busy, setBusy] = useState(false);

  const run = async (work: () => Promise<{ line: ChainLine }>, said: (line: ChainLine) => string): Promise<void> => {
    if (busy || !(await requireConsumer('play'))) return;
    setBusy(true);
    try {
      const reply = await work();
      onLine(reply.line);
      setNote(reply.line.note);
      toast(said(reply.line), { tone: 'success' });
    } catch (error) {
      toast(problemText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void run(
      () => session.take('chain:join', { chainId: chain.id, quantity, note }),
      ({ no }) => (isIn ? t('chain.changed') : t('chain.joined', { no })),
    );
  };
  const withdraw = (): void =>
    void run(
      () => session.take('chain:withdraw', { chainId: chain.id }),
      () => t('chain.withdrawn'),
    );
  return (
    <form className="pl-chain-form" onSubmit={submit} data-testid="chain-form">
      <div className="pl-chain-row">
        <span>{t('chain.quantity')}</span>
        <QuantityStepper value={quantity} onChange={setQuantity} max={MAX_CHAIN_QUANTITY} label={t('chain.quantity')} />
      </div>
      <label htmlFor={id}>{t('chain.note')}</label>
      <input
        id={id}
        className="pl-chain-note"
        maxLength={MAX_CHAIN_NOTE}
        value={note}
        aria-describedby={`${id}-hint`}
        onChange={(event) => setNote(event.target.value)}
      />
      <p id={`${id}-hint`} className="pl-fine">
        {t('chain.noteHint')}
      </p>
      <Button type="submit" variant="grove" size="l" block loading={busy} data-testid="chain-join">
        {t(isIn ? 'chain.change' : 'chain.join')}
      </Button>
      {isIn && (
        <Button variant="ghost" block disabled={busy} onClick={withdraw} data-testid="chain-withdraw">
          {t('chain.withdraw')}
        </Button>
      )}
    </form>
  );
};

/** Who would like how many, my own line, and the way to what can be bought. */
export const ChainSheet = ({
  chain,
  open,
  onClose,
}: {
  chain: Chain;
  open: boolean;
  onClose: () => void;
}): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  const { api } = useServices();
  const purchase = usePurchase();
  const selfId = useRoom((state) => state.selfId);
  const inBag = useRoom((state) => state.bag.items.some(({ product }) => product.id === chain.product?.id));
  const { lines, cursor, state, load } = useLines(chain, open);
  const { mine } = useMine(open ? chain.id : null, () => api.call(myLine, { params: { id: chain.id } }));
  const [written, setWritten] = useState<ChainLine | null>(null);
  const [line = null] = mergeLines(mine?.line ? [mine.line] : [], written ? [written] : []);
  const shown = written ? mergeLines(lines, [written]) : lines;
  const { product } = chain;
  return (
    <Sheet open={open} onClose={onClose} title={chain.title} height="tall">
      <div className="pl-chain" data-testid="chain-sheet">
        <p className="pl-chain-sums wl-number" data-testid="chain-sums">
          {t('chain.sums', { people: format.count(chain.people), pieces: format.count(chain.pieces) })}
        </p>
        <p className="pl-chain-notice">{t('chain.notice')}</p>
        {product && inBag && (
          <Button
            variant="hot"
            icon={<ShoppingBag size={18} />}
            onClick={() => {
              onClose();
              purchase.openProduct(product.id);
            }}
            data-testid="chain-buy"
          >
            {`${t('chain.buy')} · ${product.title}`}
          </Button>
        )}
        {chain.state === 'open' ? (
          line?.state === 'removed' ? (
            <p className="pl-fine">{t('chain.gone')}</p>
          ) : (
            <JoinForm key={mine?.line ? 'mine' : 'new'} chain={chain} line={line} onLine={setWritten} />
          )
        ) : (
          <p className="pl-fine" role="status">
            {t('chain.closed')}
          </p>
        )}
        <section>
          <h3 className="pl-poll-head">{t('chain.list')}</h3>
          {shown.length === 0 && state !== 'loading' && <p className="pl-fine">{t('chain.empty')}</p>}
          <ol className="pl-lines" data-testid="chain-lines">
            {shown.map((item) => (
              <Line key={item.no} line={item} isMe={item.personId === selfId} />
            ))}
          </ol>
          {state === 'failed' ? (
            <Button variant="outline" block onClick={() => void load(cursor)}>
              {t('retry')}
            </Button>
          ) : (
            cursor !== null && (
              <Button variant="soft" block loading={state === 'loading'} onClick={() => void load(cursor)}>
                {t('chain.more')}
              </Button>
            )
          )}
        </section>
      </div>
    </Sheet>
  );
};
