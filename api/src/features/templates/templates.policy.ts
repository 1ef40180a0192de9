/** What copying does at one store, by name. Pure. */
import type { TemplateAct, TemplateKind, TemplateLine } from '@walnut-live/contracts';

/** One of a store's; `terms` is what is copied, written in one way so that equal terms are equal texts. */
export interface Template {
  readonly kind: TemplateKind;
  readonly name: string;
  readonly terms: string;
}
export interface Held extends Template {
  readonly id: string;
  readonly inUse: boolean;
}
export interface Deed {
  readonly line: TemplateLine;
  readonly template: Template;
  /** Those of the same name at the store. */
  readonly held: readonly Held[];
}

/** Names that are one to people. */
export const nameKey = (name: string): string => name.normalize('NFKC').trim().toLowerCase();

function judge(
  template: Template,
  same: readonly Held[],
  store: { hasHost: boolean },
  existing: 'skip' | 'replace',
): { act: TemplateAct; why: TemplateLine['why'] } {
  if (same.some(({ terms }) => terms === template.terms)) return { act: 'same', why: null };
  if (same.length > 0 && existing === 'skip') return { act: 'skip', why: null };
  if (template.kind === 'coupon_kinds' && same.some(({ inUse }) => inUse)) return { act: 'cannot', why: 'in_use' };
  if (same.length > 0) return { act: 'replace', why: null };
  if (template.kind === 'room_slots' && !store.hasHost) return { act: 'cannot', why: 'no_host' };
  return { act: 'make', why: null };
}

/** In the order of the source's templates. */
export function planOf(
  source: readonly Template[],
  held: readonly Held[],
  store: { hasHost: boolean },
  existing: 'skip' | 'replace',
): Deed[] {
  return source.map((template) => {
    const same = held.filter(({ kind, name }) => kind === template.kind && nameKey(name) === nameKey(template.name));
    const { kind, name } = template;
    return { line: { kind, name, ...judge(template, same, store, existing) }, template, held: same };
  });
}
