import { useQuery } from '@tanstack/react-query';
import { type Draw, publicDraw } from '@walnut-live/contracts';
import { EmptyState, ErrorState, Skeleton, useFormat } from '@walnut-live/ui';
import { CircleCheck, CircleX, Download, LoaderCircle } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useParams } from 'react-router';
import { useServices } from '../app/services.tsx';
import { Page } from '../pages/page.tsx';
import { usePlayT } from './messages.ts';
import { type Check, verifyDraw } from './verify.ts';
import './plays.css';

const checks: readonly Check[] = ['commitment', 'sorted', 'list', 'winners'];
const listUrl = (drawId: string): string => `/api/v1/draws/${drawId}/participants?format=ndjson`;

const readList = async (drawId: string, signal: AbortSignal): Promise<string[]> => {
  const response = await fetch(listUrl(drawId), { signal });
  if (!response.ok) throw new TypeError(`list: ${response.status}`);
  const text = (await response.text()).trim();
  return text === '' ? [] : text.split('\n').map((line) => String(JSON.parse(line)));
};

const Finder = ({ ids }: { ids: readonly string[] }): ReactNode => {
  const t = usePlayT();
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const at = wanted === '' ? -1 : ids.indexOf(wanted);
  return (
    <section className="pl-card">
      <h2 className="pl-card-title">{t('verify.find')}</h2>
      <input
        className="pl-verify-find"
        aria-label={t('verify.findHint')}
        placeholder={t('verify.findHint')}
        value={text}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
      />
      {wanted !== '' && (
        <p className="pl-fine" role="status">
          {at < 0 ? t('verify.absent') : t('verify.found', { no: at + 1 })}
        </p>
      )}
    </section>
  );
};

const Computed = ({ draw }: { draw: Draw }): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const query = useQuery({
    queryKey: ['verify', draw.id],
    queryFn: async ({ signal }) => {
      const ids = await readList(draw.id, signal);
      return { ids, verdict: await verifyDraw(draw, ids) };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  const verdict = query.data?.verdict;
  return (
    <>
      <section className="pl-card pl-verdict" data-testid="verdict" data-ok={verdict?.ok} aria-busy={!verdict}>
        <p className="pl-verdict-title" role="status">
          {verdict ? t(verdict.ok ? 'verify.good' : 'verify.bad') : t('verify.running')}
        </p>
        {query.data && (
          <p className="pl-fine">{t('verify.participants', { count: format.number(query.data.ids.length) })}</p>
        )}
        <ul>
          {checks.map((check) => (
            <li key={check} data-ok={verdict?.checks[check]}>
              {verdict === undefined ? (
                <LoaderCircle size={20} className="pl-verdict-wait" aria-hidden="true" />
              ) : verdict.checks[check] ? (
                <CircleCheck size={20} aria-hidden="true" />
              ) : (
                <CircleX size={20} aria-hidden="true" />
              )}
              {t(`verify.check.${check}`)}
            </li>
          ))}
        </ul>
      </section>
      {query.data && <Finder ids={query.data.ids} />}
    </>
  );
};

const Published = ({ draw }: { draw: Draw }): ReactNode => {
  const t = usePlayT();
  const format = useFormat();
  const time = (at: string | null) => (at === null ? '–' : format.dateTime(at));
  const values = [
    { label: t('verify.commitment'), value: draw.commitment },
    { label: t('verify.seed'), value: draw.seed },
    { label: t('verify.listHash'), value: draw.listHash },
  ];
  return (
    <section className="pl-card">
      <h2 className="pl-card-title">{t('verify.data')}</h2>
      <p className="pl-fine">
        {t('verify.times', {
          prepared: time(draw.preparedAt),
          opened: time(draw.openedAt),
          closed: time(draw.closedAt),
        })}
      </p>
      <dl className="pl-verify-data">
        {values
          .filter(({ value }) => value !== null)
          .map(({ label, value }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <code>{value}</code>
              </dd>
            </div>
          ))}
      </dl>
      <p className="pl-fine">{t('verify.recipe')}</p>
      {draw.state === 'closed' && (
        <a className="pl-verify-list" href={listUrl(draw.id)} download={`draw-${draw.id}.ndjson`}>
          <Download size={16} aria-hidden="true" />
          {t('verify.list')}
        </a>
      )}
    </section>
  );
};

const Winners = ({ draw }: { draw: Draw }): ReactNode => {
  const t = usePlayT();
  return (
    <section className="pl-card">
      <h2 className="pl-card-title">{t('draw.winners')}</h2>
      {draw.winners.length === 0 && <p className="pl-fine">{t('draw.nobody')}</p>}
      <ol className="pl-draw-winners">
        {draw.winners.map(({ rank, prizeNo, publicId, name }) => (
          <li key={rank}>
            <span className="pl-draw-no wl-number">{rank}</span>
            <span className="pl-draw-prize">
              <b>
                {name} · {draw.prizes.find(({ no }) => no === prizeNo)?.name}
              </b>
              <code>{publicId}</code>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
};

const Verify = (): ReactNode => {
  const t = usePlayT();
  const { drawId = '' } = useParams();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['draw', drawId],
    queryFn: ({ signal }) => api.call(publicDraw, { params: { id: drawId }, signal }),
  });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  const draw = query.data;
  if (!draw) return <Skeleton height={240} radius={18} />;
  return (
    <div className="pl-me">
      <section className="pl-card">
        <h2 className="pl-card-title">{draw.title}</h2>
        <p className="pl-fine">{t('verify.intro')}</p>
      </section>
      {draw.state !== 'closed' ? (
        <EmptyState
          illustration="walnut"
          title={t(draw.state === 'cancelled' ? 'verify.cancelled' : 'verify.notYet')}
          compact
        />
      ) : globalThis.crypto?.subtle ? (
        <Computed draw={draw} />
      ) : (
        <EmptyState illustration="broken" title={t('verify.insecure')} compact />
      )}
      {draw.state === 'closed' && <Winners draw={draw} />}
      <Published draw={draw} />
    </div>
  );
};

const VerifyPage = (): ReactNode => {
  const t = usePlayT();
  return (
    <Page title={t('verify.title')}>
      <Verify />
    </Page>
  );
};
export default VerifyPage;
