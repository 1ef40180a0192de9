/** The room's poster as the server drew it for this guide; WeChat saves data addresses, and no object URLs. */
import { useQuery } from '@tanstack/react-query';
import { createShareLink, getPoster, type Room } from '@walnut-live/contracts';
import { ErrorState, Skeleton, useLocale } from '@walnut-live/ui';
import { Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';

const FRESH_MS = 300_000;

const asDataUrl = (blob: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'));
    reader.readAsDataURL(blob);
  });

export const Poster = ({ room }: { room: Room }): ReactNode => {
  const t = useT();
  const { api } = useServices();
  const { locale } = useLocale();
  const query = useQuery({
    queryKey: ['poster', room.id, locale],
    queryFn: async ({ signal }) => {
      const { id } = await api.call(createShareLink, { body: { roomId: room.id, channel: 'poster' }, signal });
      const lang = locale === 'zh-CN' ? 'zh-CN' : 'en';
      return asDataUrl(await api.download(getPoster, { params: { id }, query: { width: '1080', lang }, signal }));
    },
    staleTime: FRESH_MS,
  });
  if (query.isError) return <ErrorState compact error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton height={420} radius={18} />;
  return (
    <>
      <img className="st-poster" src={query.data} alt={t('share.posterAlt')} width={240} data-testid="poster" />
      <p className="st-hint">{t('share.posterHold')}</p>
      <a className="wl-btn wl-btn-soft wl-btn-l" href={query.data} download="walnut-live.png">
        <Download aria-hidden /> {t('share.posterSave')}
      </a>
    </>
  );
};
