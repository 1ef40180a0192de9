/** What opens an alert: rules by unit, the nearest above wins; an alert once closed is not opened again for its cool-down. */
import { type AlertKind, alertKinds, isWithin } from '@walnut-live/contracts';

export interface Rule {
  readonly enabled: boolean;
  readonly threshold: number;
  readonly coolDownMinutes: number;
}
export interface UnitRule extends Rule {
  readonly kind: AlertKind;
  readonly path: string;
}
/** Seconds without a host or with a poor picture; pieces left; visits from one network within ten minutes. */
export const startRules: Readonly<Record<AlertKind, Rule>> = {
  host_lost: { enabled: true, threshold: 60, coolDownMinutes: 10 },
  poor_picture: { enabled: true, threshold: 60, coolDownMinutes: 30 },
  stock_low: { enabled: true, threshold: 10, coolDownMinutes: 720 },
  fraud_burst: { enabled: true, threshold: 20, coolDownMinutes: 720 },
};
/** A unit with this many open alerts of one kind has one trouble, not more of them. */
export const MOST_OPEN = 50;

export function ruleFor(
  kind: AlertKind,
  path: string,
  rules: readonly UnitRule[],
): { rule: Rule; setAt: string | null } {
  const nearest = rules
    .filter((rule) => rule.kind === kind && isWithin(path, rule.path))
    .reduce<UnitRule | null>(
      (best, rule) => (best === null || rule.path.length > best.path.length ? rule : best),
      null,
    );
  return { rule: nearest ?? startRules[kind], setAt: nearest?.path ?? null };
}

/** Few pieces are trouble, many seconds and visits are. */
export const isTrouble = (kind: AlertKind, value: number, rule: Rule): boolean =>
  rule.enabled && (kind === 'stock_low' ? value <= rule.threshold : value >= rule.threshold);

/** What is over by itself; a burst has happened and waits for somebody to judge it. */
export const endsByItself = (kind: AlertKind): boolean => kind !== 'fraud_burst';
export const allKinds: readonly AlertKind[] = alertKinds;
