/** What is to be copied, from where, to where: it lives in the URL, so that it can be reloaded and sent to a colleague. */
import { type BodyOf, type previewTemplates, TemplateKind } from '@walnut-live/contracts';
import type { Filters } from '../../shared/filters.tsx';

export type Wish = BodyOf<typeof previewTemplates>;
export interface Draft {
  readonly from: string | undefined;
  readonly kinds: readonly TemplateKind[];
  readonly toAll: boolean;
  readonly to: readonly string[];
  readonly existing: Wish['existing'];
}
const listOf = (text: string | undefined): string[] => (text ?? '').split(',').filter(Boolean);

/** What the URL says; what it says wrongly is not there. A store is never copied to itself. */
export function draftOf(filters: Pick<Filters, 'get'>, stores: readonly { id: string }[]): Draft {
  const known = (id: string): boolean => stores.some((store) => store.id === id);
  const from = filters.get('from');
  return {
    from: from !== undefined && known(from) ? from : undefined,
    kinds: TemplateKind.options.filter((kind) => listOf(filters.get('what')).includes(kind)),
    toAll: filters.get('only') !== '1',
    to: [...new Set(listOf(filters.get('to')))].filter((id) => known(id) && id !== from),
    existing: filters.get('existing') === 'replace' ? 'replace' : 'skip',
  };
}

/** Undefined as long as something is not chosen. */
export function wishOf({ from, kinds, toAll, to, existing }: Draft): Wish | undefined {
  if (from === undefined || kinds.length === 0 || (!toAll && to.length === 0)) return undefined;
  const ids = toAll ? 'all' : [...to].sort();
  return { sourceId: from as Wish['sourceId'], kinds: [...kinds], to: ids as Wish['to'], existing };
}
