/** The picture with its legend, its buttons and the names of those who stand out. What it shows can be read in the list, too. */
import { MinusOutlined, PlusOutlined, ShrinkOutlined } from '@ant-design/icons';
import { type NetworkLayout, networkRoles } from '@walnut-live/contracts';
import { colors, EmptyState, useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useEffect, useId, useMemo, useRef } from 'react';
import { type Camera, type Size, toScreen } from './camera.ts';
import { useGraphT } from './messages.ts';
import { roleColors } from './network-colors.ts';
import { useNetworkView } from './use-network-view.ts';

export interface Label {
  readonly index: number;
  readonly name: string;
}
/** Names nearer to one another than this would lie on top of each other. */
const APART = { x: 84, y: 22 };

export const NetworkCanvas = ({
  layout,
  selected,
  path,
  labels,
  onPick,
}: {
  layout: NetworkLayout;
  /** −1: nobody. */
  selected: number;
  path: readonly number[];
  /** The most important first. */
  labels: readonly Label[];
  onPick: (index: number) => void;
}): ReactNode => {
  const t = useGraphT();
  const format = useFormat();
  const help = useId();
  const canvas = useRef<HTMLCanvasElement>(null);
  const names = useRef<HTMLDivElement>(null);
  const picked = useRef(-1);

  /** Names move with the picture without React: sixty times a second. */
  const onFrame = (camera: Camera, size: Size): void => {
    const shown: { x: number; y: number }[] = [];
    for (const element of names.current?.children ?? []) {
      if (!(element instanceof HTMLElement)) continue;
      const index = Number(element.dataset.index);
      const at = toScreen(camera, size, { x: layout.x[index] as number, y: layout.y[index] as number });
      const isIn = at.x > 0 && at.y > 0 && at.x < size.width && at.y < size.height;
      const isFree = isIn && shown.every((one) => Math.abs(one.x - at.x) > APART.x || Math.abs(one.y - at.y) > APART.y);
      if (isFree) shown.push(at);
      element.style.visibility = isFree ? 'visible' : 'hidden';
      const up = (layout.radius[index] as number) * camera.scale + 4;
      element.style.transform = `translate(${at.x.toFixed(1)}px, ${(at.y - up).toFixed(1)}px) translate(-50%, -100%)`;
    }
  };
  const marks = useMemo(() => ({ selected, path }), [selected, path]);
  const view = useNetworkView(canvas, layout, {
    marks,
    onFrame,
    onPick: (index) => {
      picked.current = index;
      onPick(index);
    },
  });
  const { goTo, showAll } = view;
  // Whoever was found elsewhere is gone to; whoever was tapped is in sight already.
  useEffect(() => {
    if (selected !== -1 && selected !== picked.current && path.length === 0) goTo(selected);
    picked.current = selected;
  }, [selected, path, goTo]);
  useEffect(() => {
    if (path.length > 0) showAll(path);
  }, [path, showAll]);

  if (view.state === 'no-webgl')
    return <EmptyState illustration="people" title={t('canvas.none')} hint={t('canvas.useList')} />;
  return (
    <div className="ng-canvas" data-testid="network" data-state={view.state} data-people={layout.count}>
      <div
        className="ng-surface"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved over by keys
        tabIndex={0}
        aria-label={t('canvas.label', { people: format.number(layout.count) })}
        aria-describedby={help}
      >
        <canvas ref={canvas} />
      </div>
      <p id={help} className="wl-visually-hidden">
        {t('canvas.help')}
      </p>
      <div className="ng-names" ref={names} aria-hidden="true">
        {labels.map(({ index, name }) => (
          <span key={index} data-index={index} data-strong={index === selected || path.includes(index)}>
            {name}
          </span>
        ))}
      </div>
      <div className="ng-tools">
        <Button icon={<PlusOutlined />} aria-label={t('canvas.nearer')} onClick={() => view.zoom(1.8)} />
        <Button icon={<MinusOutlined />} aria-label={t('canvas.farther')} onClick={() => view.zoom(1 / 1.8)} />
        <Button
          icon={<ShrinkOutlined />}
          aria-label={t('canvas.whole')}
          onClick={view.whole}
          data-testid="network-whole"
        />
      </div>
      <ul className="ng-legend">
        {networkRoles.toReversed().map((role) => (
          <li key={role}>
            <i style={{ background: roleColors[role] }} />
            {t(`role.${role}`)}
          </li>
        ))}
        <li>
          <i style={{ background: colors.border }} />
          {t('legend.pale')}
        </li>
        <li className="ng-legend-size">{t('legend.size')}</li>
      </ul>
    </div>
  );
};
