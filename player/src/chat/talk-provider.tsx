import { followGuide, getFollow, unfollowGuide } from '@walnut-live/contracts';
import type { ChatLine } from '@walnut-live/live-client/room';
import { useErrorText, useToast } from '@walnut-live/ui';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { useMe, useServices } from '../app/services.tsx';
import { useRoom } from '../room/use-room.ts';

/*
 * What chat and composer share: the message whose menu is open, the one that is replied to, the people that are named, and
 * whether I follow the host.
 */

export type Named = { personId: string; name: string };
export type Follow = { following: boolean; followers: number };

export type Talk = {
  menu: ChatLine | null;
  openMenu: (line: ChatLine | null) => void;
  replyTo: ChatLine | null;
  reply: (line: ChatLine | null) => void;
  /** The composer takes them into its text; `no` grows with each. */
  mention: { person: Named; no: number } | null;
  name: (person: Named) => void;
  /** Null until it is known. */
  follow: Follow | null;
  setFollowing: (following: boolean) => Promise<void>;
};

const TalkContext = createContext<Talk | null>(null);

export const TalkProvider = ({ children }: { children: ReactNode }): ReactNode => {
  const { api, requireConsumer } = useServices();
  const me = useMe();
  const toast = useToast();
  const errorText = useErrorText();
  const hostId = useRoom((state) => state.room?.host.id ?? null);
  const [menu, openMenu] = useState<ChatLine | null>(null);
  const [replyTo, reply] = useState<ChatLine | null>(null);
  const [mention, setMention] = useState<Talk['mention']>(null);
  const [follow, setFollow] = useState<Follow | null>(null);
  const mentions = useRef(0);

  const name = useCallback((person: Named): void => {
    mentions.current += 1;
    setMention({ person, no: mentions.current });
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another person follows others
  useEffect(() => {
    if (!hostId || !me) return;
    const controller = new AbortController();
    api
      .call(getFollow, { params: { id: hostId }, signal: controller.signal })
      .then(setFollow)
      // Unknown is shown as nothing; the room works without it.
      .catch(() => undefined);
    return () => controller.abort();
  }, [api, hostId, me?.id]);

  const setFollowing = useCallback(
    async (following: boolean): Promise<void> => {
      if (!hostId || !(await requireConsumer('chat'))) return;
      const params = { id: hostId };
      try {
        if (following) return setFollow(await api.call(followGuide, { params, body: {} }));
        await api.call(unfollowGuide, { params });
        setFollow((known) => known && { following: false, followers: Math.max(0, known.followers - 1) });
      } catch (error) {
        toast(errorText(error), { tone: 'error' });
      }
    },
    [api, hostId, requireConsumer, toast, errorText],
  );

  const talk = useMemo<Talk>(
    () => ({ menu, openMenu, replyTo, reply, mention, name, follow, setFollowing }),
    [menu, replyTo, mention, name, follow, setFollowing],
  );
  return <TalkContext value={talk}>{children}</TalkContext>;
};

export const useTalk = (): Talk => {
  const talk = useContext(TalkContext);
  if (!talk) throw new Error('TalkProvider is missing');
  return talk;
};
