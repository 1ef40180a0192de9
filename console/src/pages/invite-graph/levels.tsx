/** How many stand how many steps below: a bar each. Deep networks are cut at the first dozen, the rest as one. */
import { useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useGraphT } from './messages.ts';

const SHOWN = 12;

interface Level {
  readonly level: number;
  readonly people: number;
  readonly orders?: number;
  readonly gmvFen?: number;
}

export const Levels = ({ levels }: { levels: readonly Level[] }): ReactNode => {
  const t = useGraphT();
  const format = useFormat();
  if (levels.length === 0) return <p className="co-quiet">{t('person.noLevels')}</p>;
  const rest = levels.slice(SHOWN);
  const sum = (read: (one: Level) => number | undefined): number =>
    rest.reduce((all, one) => all + (read(one) ?? 0), 0);
  const rows: (Level & { label: string })[] = levels
    .slice(0, SHOWN)
    .map((one) => ({ ...one, label: t('person.level', { level: String(one.level) }) }));
  if (rest.length > 0) {
    const ends = `${rest[0]?.level}–${rest.at(-1)?.level}`;
    const money =
      rest[0]?.orders === undefined ? {} : { orders: sum((one) => one.orders), gmvFen: sum((one) => one.gmvFen) };
    rows.push({
      level: rest[0]?.level ?? SHOWN,
      people: sum((one) => one.people),
      ...money,
      label: t('person.level', { level: ends }),
    });
  }
  const most = Math.max(1, ...rows.map(({ people }) => people));
  return (
    <ul className="ng-levels">
      {rows.map(({ level, label, people, orders, gmvFen }) => (
        <li key={level}>
          <span>{label}</span>
          <i style={{ inlineSize: `${(people / most) * 100}%` }} />
          <span className="wl-number">
            {orders === undefined
              ? format.count(people)
              : t('person.levelLine', {
                  people: format.count(people),
                  orders: format.count(orders),
                  gmv: format.money(gmvFen ?? 0, { fen: 'trim' }),
                })}
          </span>
        </li>
      ))}
    </ul>
  );
};
