/** Facts of an advice or a reason as words: shares come in basis points and are read as percent, except orders, which are per hundred people. */
import type { ContactReason, NetworkAdvice } from '@walnut-live/contracts';
import { useFormat } from '@walnut-live/ui';
import { useGraphT } from './messages.ts';

const PER_HUNDRED = 'ordersBps';

function useWords(): (facts: Readonly<Record<string, number>>) => Record<string, string> {
  const format = useFormat();
  const word = (name: string, value: number): string => {
    if (name === PER_HUNDRED) return format.number(Math.round(value / 100));
    return name.endsWith('Bps') ? format.percent(value / 10_000) : format.number(value);
  };
  return (facts) => Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, word(name, value)]));
}
export function useAdviceText(): (advice: NetworkAdvice) => string {
  const t = useGraphT() as (key: string, words: Record<string, string>) => string;
  const words = useWords();
  return ({ code, facts }) => t(`advice.${code}`, words(facts));
}
export function useContactReasonText(): (reason: ContactReason) => string {
  const t = useGraphT() as (key: string, words: Record<string, string>) => string;
  const words = useWords();
  return ({ code, facts }) => {
    if (code === 'promised' && (facts.daysLate ?? 0) > 0) return t('reason.promisedLate', words(facts));
    if (code === 'newcomer' && facts.days === 0) return t('reason.newcomerToday', {});
    return t(`reason.${code}`, words(facts));
  };
}
