/** A poster as the server drew it, as a picture that can be held and saved: WeChat saves data addresses, and no object URLs. */
import { useQuery } from '@tanstack/react-query';
import { createShareLink, getPoster } from '@walnut-live/contracts';
import { ErrorState, Skeleton, useLocale } from '@walnut-live/ui';
import { Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { useServices } from '../app/services.tsx';
import { usePerson } from '../pages/use-person.ts';
import { useSharingT } from './messages.ts';
import './sharing.css';

export interface Target {
  readonly roomId?: string;
  readonly productId?: string;
  readonly contentId?: string;
  readonly groupBuyId?: string;
}
const FRESH_MS = 300_000;
/** Sharp on phones with more pixels than points. */
const widthFor = (ratio: number): '720' | '1080' => (ratio > 2 ? '1080' : '720');

const asDataUrl = (blob: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'));
    reader.readAsDataURL(blob);
  });

export const isInWechat = (): boolean => /micromessenger/i.test(navigator.userAgent);

export const Poster = ({ target }: { target: Target }): ReactNode => {
  const t = useSharingT();
  const { api } = useServices();
  const { locale } = useLocale();
  const person = usePerson();
  const query = useQuery({
    queryKey: ['poster', person?.id, target, locale],
    queryFn: async ({ signal }) => {
      const { id } = await api.call(createShareLink, { body: { ...target, channel: 'poster' }, signal });
      const lang = locale === 'zh-CN' ? 'zh-CN' : 'en';
      const width = widthFor(devicePixelRatio);
      return asDataUrl(await api.download(getPoster, { params: { id }, query: { width, lang }, signal }));
    },
    staleTime: FRESH_MS,
  });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  if (!query.data)
    return (
      <div className="pl-poster" aria-busy="true">
        <Skeleton width={260} height={448} radius={16} />
        <p className="pl-fine">{t('poster.making')}</p>
      </div>
    );
  return (
    <div className="pl-poster">
      <img
        src={query.data}
        alt={t('poster.alt')}
        width={260}
        height={448}
        data-testid="poster"
        // Below the fold of a sheet nobody would see that it is there.
        onLoad={({ currentTarget }) => currentTarget.scrollIntoView?.({ block: 'nearest' })}
      />
      <p className="pl-fine">{t('poster.hold')}</p>
      {isInWechat() ? (
        <p className="pl-fine">{t('wechat.hint')}</p>
      ) : (
        <a className="wl-btn wl-btn-soft wl-btn-l" href={query.data} download="walnut-live.png">
          <Download size={18} aria-hidden="true" /> {t('poster.save')}
        </a>
      )}
    </div>
  );
};
