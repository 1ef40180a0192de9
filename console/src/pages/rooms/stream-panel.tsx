/** Who publishes a live, and how it arrives at the media server. */
import { type RoomStream, type RoomStreamTrack, readRoomStream } from '@walnut-live/contracts';
import { formatDuration, useFormat, useNow } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useCall } from '../../data/use-call.ts';
import { useStreamT } from '../../i18n/stream.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { StreamHealthBadge } from '../../shared/stream-health.tsx';

const REFRESH_MS = 3_000;
const STALE_AFTER_MS = 15_000;

export const StreamPanel = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useStreamT();
  const query = useCall(readRoomStream, { params: { id: roomId } }, { everyMs: REFRESH_MS });
  return (
    <Panel
      title={t('title')}
      extra={<Freshness query={query} staleAfterMs={STALE_AFTER_MS} />}
      flush
      testId="stream-panel"
    >
      <AsyncView query={query} skeleton={<TableSkeleton rows={2} />}>
        {(stream) => <Detail stream={stream} />}
      </AsyncView>
    </Panel>
  );
};

const Detail = ({ stream }: { stream: RoomStream }): ReactNode => {
  const t = useStreamT();
  const format = useFormat();
  const now = useNow(1_000);
  const { publisher, picture, viewers } = stream;
  const losses = publisher?.tracks.flatMap(({ lossRatio }) => (lossRatio === null ? [] : [lossRatio])) ?? [];
  const facts: [key: string, label: string, value: ReactNode][] = [
    ['publisher', t('publisher'), publisher ? t(`kind.${publisher.kind}`) : t(`source.${stream.source}`)],
    ['person', t('person'), publisher?.person?.name ?? '—'],
    ['since', t('since'), formatDuration(Math.max(0, now - Date.parse(stream.since)))],
    [
      'picture',
      t('picture'),
      picture
        ? t('picture.value', {
            width: picture.width,
            height: picture.height,
            fps: picture.framesPerSecond === null ? '—' : t('fps', { n: Math.round(picture.framesPerSecond) }),
          })
        : '—',
    ],
    [
      'watchers',
      t('watchers'),
      t('watching', { realtime: format.number(viewers.realtime), smooth: format.number(viewers.smooth) }),
    ],
  ];
  return (
    <>
      <div className="co-stream-head">
        <p className="co-inline">
          <b data-testid="stream-state" data-state={stream.state}>
            {t(`state.${stream.state}`)}
          </b>
          {stream.state === 'live' && (
            <StreamHealthBadge health={stream.health} lossRatio={losses.length > 0 ? Math.max(...losses) : null} />
          )}
        </p>
        <dl className="co-stream-facts">
          {facts.map(([key, label, value]) => (
            <div key={key}>
              <dt>{label}</dt>
              <dd className="wl-number">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      {publisher && publisher.tracks.length > 0 && <Tracks rows={publisher.tracks} />}
    </>
  );
};

const Tracks = ({ rows }: { rows: readonly RoomStreamTrack[] }): ReactNode => {
  const t = useStreamT();
  const format = useFormat();
  // Missing is not zero: a dash.
  const or = (value: number | null, show: (value: number) => string): string => (value === null ? '—' : show(value));
  const ms = (value: number): string => t('ms', { n: format.number(Math.round(value)) });
  const columns: Column<RoomStreamTrack>[] = [
    {
      key: 'track',
      title: t('track'),
      head: true,
      render: ({ kind, paused }) => (
        <b>
          {t(`track.${kind}`)}
          {paused && ` · ${t('track.paused')}`}
        </b>
      ),
    },
    { key: 'codec', title: t('codec'), render: ({ codec }) => codec },
    { key: 'layers', title: t('layers'), align: 'end', render: ({ layers }) => format.number(layers) },
    {
      key: 'bitrate',
      title: t('bitrate'),
      align: 'end',
      render: ({ bitrateBps }) => or(bitrateBps, (bps) => t('kbps', { n: format.number(Math.round(bps / 1_000)) })),
    },
    {
      key: 'loss',
      title: t('lossRatio'),
      align: 'end',
      render: ({ lossRatio }) => or(lossRatio, (ratio) => format.percent(ratio)),
    },
    { key: 'rtt', title: t('rtt'), align: 'end', render: ({ roundTripMs }) => or(roundTripMs, ms) },
    { key: 'jitter', title: t('jitter'), align: 'end', render: ({ jitterMs }) => or(jitterMs, ms) },
    {
      key: 'score',
      title: t('score'),
      align: 'end',
      render: ({ score }) => or(score, (n) => t('score.value', { n })),
    },
  ];
  return (
    <DataTable caption={t('title')} rows={rows} columns={columns} rowKey={({ kind }) => kind} testId="stream-track" />
  );
};
