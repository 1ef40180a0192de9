import { useQuery } from '@tanstack/react-query';
import { type Chain, chainPeople, listChains } from '@walnut-live/contracts';
import { Button, useFormat, useToast } from '@walnut-live/ui';
import { Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { useServices } from '../../app/services.tsx';
import { useActivityT } from './messages.ts';
import { useRun } from './use-run.ts';

/** A downloaded list is held by the page for so long. */
const DOWNLOAD_HELD_MS = 10_000;
/** Of a room's chains; more are in the api. */
const SHOWN = 20;

/** Everybody on the list, as a file. */
export const ExportChain = ({ chain }: { chain: Chain }): ReactNode => {
  const t = useActivityT();
  const toast = useToast();
  const { api } = useServices();
  const { busy, run } = useRun();
  const download = async (): Promise<void> => {
    const args = { params: { id: chain.id }, query: { format: 'csv' as const } };
    const url = URL.createObjectURL(await api.download(chainPeople, args));
    const anchor = document.createElement('a');
    anchor.href = url;
    anchor.download = `chain-${chain.openedAt.slice(0, 10)}.csv`;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_HELD_MS);
    toast(t('chain.exported'), { tone: 'success' });
  };
  return (
    <Button
      variant="soft"
      block
      icon={<Download size={18} aria-hidden />}
      disabled={busy}
      onClick={() => void run(download)}
      data-testid="chain-export"
    >
      {t('chain.export')}
    </Button>
  );
};

/** The chains that are over: their lists are wanted after the live most of all. */
export const PastChains = ({ roomId, className }: { roomId: string; className?: string }): ReactNode => {
  const t = useActivityT();
  const format = useFormat();
  const { api } = useServices();
  const { data } = useQuery({
    queryKey: ['chains', roomId],
    queryFn: ({ signal }) => api.call(listChains, { query: { roomId, limit: SHOWN }, signal }),
  });
  const closed = data?.items.filter(({ state }) => state === 'closed') ?? [];
  if (closed.length === 0) return null;
  return (
    <section className={className} data-testid="past-chains">
      <h2 className={className ? undefined : 'st-legend'}>{t('chain.past')}</h2>
      {closed.map((chain) => (
        <div key={chain.id} className="st-play-now">
          <strong>{chain.title}</strong>
          <span className="wl-number">
            {t('chain.sums', { people: format.count(chain.people), pieces: format.count(chain.pieces) })}
          </span>
          <ExportChain chain={chain} />
        </div>
      ))}
    </section>
  );
};
