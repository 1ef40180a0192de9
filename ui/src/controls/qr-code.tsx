import { type ReactNode, useEffect, useState } from 'react';
import { uiI18n } from '../i18n/ui-messages.ts';
import { colors } from '../tokens.ts';
import { cx } from './class-names.ts';

/** One SVG path of all dark modules, in module units. */
const pathOf = (modules: { size: number; get: (row: number, column: number) => number }): string => {
  let path = '';
  for (let row = 0; row < modules.size; row += 1) {
    let column = 0;
    while (column < modules.size) {
      if (!modules.get(row, column)) {
        column += 1;
        continue;
      }
      const start = column;
      while (column < modules.size && modules.get(row, column)) column += 1;
      path += `M${start} ${row}h${column - start}v1h${start - column}z`;
    }
  }
  return path;
};

/** QR code as SVG with a quiet zone; the encoder (10 KB) is loaded when the first one is shown. */
export const QrCode = ({
  text,
  size = 180,
  label,
  className,
}: {
  text: string;
  /** CSS pixels. */
  size?: number;
  /** What it leads to. */
  label?: string;
  className?: string;
}): ReactNode => {
  const t = uiI18n.useT();
  const [drawn, setDrawn] = useState<{ path: string; modules: number } | null>(null);
  useEffect(() => {
    let wanted = true;
    void import('qrcode').then((module) => {
      const create = module.create ?? module.default.create;
      const { modules } = create(text, { errorCorrectionLevel: 'M' });
      if (wanted) setDrawn({ path: pathOf(modules), modules: modules.size });
    });
    return () => {
      wanted = false;
    };
  }, [text]);
  const quiet = 3;
  const side = (drawn?.modules ?? 29) + quiet * 2;
  return (
    <svg
      className={cx('wl-qr', className)}
      width={size}
      height={size}
      viewBox={`${-quiet} ${-quiet} ${side} ${side}`}
      shapeRendering="crispEdges"
      role="img"
      aria-label={label ?? t('qr.label')}
      aria-busy={drawn === null || undefined}
    >
      <rect x={-quiet} y={-quiet} width={side} height={side} rx="1.5" fill="#ffffff" />
      {drawn && <path d={drawn.path} fill={colors.walnut950} />}
    </svg>
  );
};
