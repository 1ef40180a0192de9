import { uplinkTest } from '@walnut-live/contracts';
import { grantedEndpoint, testUplink, type UplinkResult } from '@walnut-live/live-client/media';
import { Button, cx, Sheet, Spinner, useFormat } from '@walnut-live/ui';
import { Gauge } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';

type Check = { status: 'idle' } | { status: 'testing'; share: number } | { status: 'done'; result: UplinkResult };

/** The network's way up, measured with the real camera before anybody watches. A second tap measures again. */
export const UplinkCheck = ({ stream }: { stream: MediaStream | null }): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const format = useFormat();
  const [check, setCheck] = useState<Check>({ status: 'idle' });
  const [open, setOpen] = useState(false);
  const running = useRef<AbortController | null>(null);
  // Going live, or leaving, ends a measurement: the live needs the whole way up.
  useEffect(() => () => running.current?.abort(), []);

  const start = async (): Promise<void> => {
    if (!stream || running.current) return;
    const controller = new AbortController();
    running.current = controller;
    setCheck({ status: 'testing', share: 0 });
    const grant = await api.call(uplinkTest, { body: {} }).catch(() => null);
    const result: UplinkResult = grant
      ? await testUplink({
          ...grantedEndpoint(grant, async () => grant),
          stream,
          signal: controller.signal,
          onProgress: (share) => setCheck({ status: 'testing', share }),
        })
      : { level: 'failed', failure: null, availableBps: null, roundTripMs: null, lossRatio: null };
    running.current = null;
    if (!controller.signal.aborted) setCheck({ status: 'done', result });
  };

  const mbps = (bps: number): string => t('uplink.mbps', { n: format.number(Math.round(bps / 100_000) / 10) });
  const level = check.status === 'done' ? check.result.level : null;
  const label =
    check.status === 'idle'
      ? t('uplink.start')
      : check.status === 'testing'
        ? t('uplink.testing', { percent: Math.round(check.share * 100) })
        : level === 'failed' || check.result.availableBps === null
          ? t('uplink.failed')
          : t('uplink.result', { level: t(`uplink.${check.result.level}`), speed: mbps(check.result.availableBps) });
  const result = check.status === 'done' ? check.result : null;
  const or = <T,>(value: T | null | undefined, show: (value: T) => string): string =>
    value === null || value === undefined ? '—' : show(value);

  return (
    <>
      <button
        type="button"
        className={cx('st-uplink', level && `st-uplink-${level}`)}
        data-testid="uplink"
        data-level={level ?? check.status}
        disabled={!stream || check.status === 'testing'}
        onClick={() => (check.status === 'done' ? setOpen(true) : void start())}
      >
        {check.status === 'testing' ? <Spinner label={t('uplink.start')} size={18} /> : <Gauge aria-hidden />}
        <span role="status">{label}</span>
      </button>
      <Sheet open={open && result !== null} onClose={() => setOpen(false)} title={t('uplink.title')} theme="dark">
        {result && (
          <>
            <p className="st-uplink-advice">{t(`uplink.advice.${result.level}`)}</p>
            <dl className="st-rows">
              {[
                [t('health.uplink'), or(result.availableBps, mbps)],
                [t('health.rtt'), or(result.roundTripMs, (ms) => t('health.ms', { n: Math.round(ms) }))],
                [t('health.loss'), or(result.lossRatio, (ratio) => format.percent(ratio))],
              ].map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd className="wl-number">{value}</dd>
                </div>
              ))}
            </dl>
            <Button
              block
              variant="soft"
              onClick={() => {
                setOpen(false);
                void start();
              }}
            >
              {t('uplink.again')}
            </Button>
          </>
        )}
      </Sheet>
    </>
  );
};
