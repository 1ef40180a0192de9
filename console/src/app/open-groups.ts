/** Which groups of the menu stand open: remembered per person in this browser, and the one of the present page always. */
import { readJson, safeLocalStorage } from '@walnut-live/ui';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { type Group, groupOf } from './navigation.tsx';

/** A menu with no more places than this fits a screen: all of it stands open until somebody closes a group. */
const SHORT_MENU = 14;
const storage = safeLocalStorage();
export const openGroupsKey = (personId: string): string => `walnut.console.menu.${personId}`;

const remembered = (personId: string): string[] | null => {
  const known = readJson<unknown>(storage, openGroupsKey(personId));
  return Array.isArray(known) ? known.filter((id) => typeof id === 'string') : null;
};

export type OpenGroups = {
  /** Of the present page. */
  current: string | undefined;
  isOpen: (id: string) => boolean;
  toggle: (id: string) => void;
};

export const useOpenGroups = (groups: readonly Group[], pathname: string, personId: string): OpenGroups => {
  const current = groupOf(groups, pathname);
  const isShort = groups.reduce((sum, { places }) => sum + places.length, 0) <= SHORT_MENU;
  const first = useMemo(
    () => remembered(personId) ?? (isShort ? groups.map(({ id }) => id) : []),
    [personId, isShort, groups],
  );
  const [chosen, setChosen] = useState<{ personId: string; open: readonly string[] } | null>(null);
  const open = chosen?.personId === personId ? chosen.open : first;
  const choose = useCallback(
    (next: readonly string[]): void => {
      setChosen({ personId, open: next });
      storage.setItem(openGroupsKey(personId), JSON.stringify(next));
    },
    [personId],
  );
  // Going to a page opens its group once; whoever closes it again has it closed until they go elsewhere.
  // biome-ignore lint/correctness/useExhaustiveDependencies: going to another group is what this is about
  useEffect(() => {
    if (current !== undefined && !open.includes(current)) choose([...open, current]);
  }, [current, personId]);
  return {
    current,
    isOpen: (id) => open.includes(id),
    toggle: (id) => choose(open.includes(id) ? open.filter((other) => other !== id) : [...open, id]),
  };
};
