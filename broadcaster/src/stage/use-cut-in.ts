import { endCutIn, type Stage, startCutIn } from '@walnut-live/contracts';
import { isDefinite } from '@walnut-live/live-client/http';
import { useErrorText, useToast } from '@walnut-live/ui';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useMe, useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';

/** Seconds between the tap and the wish: time to look into the camera. */
const COUNT_FROM = 3;
/** Viewers go over to the programme while the guide's picture still runs; then the camera goes off. */
const LINGER_MS = 3_000;
/** The room's log brings the wish at the latest this long after the answer. */
const STAGE_FOLLOWS_MS = 2_000;

export type CutIn = {
  /**
   * off: the programme shows · counting: the camera opens, a tap still takes it back · waiting: the camera is on its way to
   * the viewers · on: they see it · busy: a colleague's picture shows or is on its way.
   */
  phase: 'off' | 'counting' | 'waiting' | 'on' | 'busy';
  secondsLeft: number;
  /** Who cuts in, when it is somebody else. */
  by: string | null;
  /** The own stream is to be published now. */
  publishing: boolean;
  start: () => void;
  /** Takes back the wish, or returns to the programme. */
  stop: () => void;
};

/**
 * One guide's cut-in. The server's stage is the truth: after a reload or on another device the studio continues what the
 * stage says is mine. Only the counting is local. A wish and its end are sent one after the other: an end that overtook its
 * wish would leave the guide on air after they have cancelled.
 */
export const useCutIn = (roomId: string, stage: Stage | null): CutIn => {
  const { api, capture } = useServices();
  const me = useMe();
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const [left, setLeft] = useState<number | null>(null);
  const [asking, setAsking] = useState(false);
  const [publishing, setPublishing] = useState(false);
  const heard = useRef(stage);

  const cutIn = stage?.cutIn ?? null;
  const mine = cutIn?.by.id === me.id;
  const wanted = asking || mine;

  const latest = useRef({ toast, errorText });
  useEffect(() => {
    latest.current = { toast, errorText };
  });
  const tell = useCallback((error: unknown) => {
    latest.current.toast(latest.current.errorText(error), { tone: 'error' });
  }, []);

  const line = useRef<Promise<unknown>>(Promise.resolve());
  const inLine = useCallback(<T>(call: () => Promise<T>): Promise<T> => {
    const done = line.current.then(call);
    line.current = done.catch(() => undefined);
    return done;
  }, []);
  /** While a wish is on its way: whether there may be something to take back. */
  const starting = useRef<Promise<boolean> | null>(null);

  // Counting down, then the wish.
  useEffect(() => {
    if (left === null) return;
    if (left > 0) {
      const timer = setTimeout(() => setLeft((now) => (now === null ? null : left - 1)), 1_000);
      return () => clearTimeout(timer);
    }
    setLeft(null);
    setAsking(true);
    const asked = inLine(() => api.call(startCutIn, { params: { id: roomId }, body: {} })).then(
      () => true,
      (error: unknown) => {
        tell(error);
        return !isDefinite(error);
      },
    );
    starting.current = asked;
    void asked.then(() => {
      if (starting.current === asked) starting.current = null;
      // From here on the stage says it; it came before this answer or comes right after.
      setTimeout(() => setAsking(false), STAGE_FOLLOWS_MS);
    });
  }, [left, api, roomId, tell, inLine]);

  useEffect(() => {
    if (wanted) {
      void capture.open();
      setPublishing(true);
      return;
    }
    const timer = setTimeout(() => setPublishing(false), LINGER_MS);
    return () => clearTimeout(timer);
  }, [wanted, capture]);

  // A relay needs no camera; it goes off when nothing is published or about to be.
  const isRelay = stage?.relay != null;
  const needsCamera = publishing || wanted || left !== null;
  useEffect(() => {
    if (isRelay && !needsCamera) capture.close();
  }, [isRelay, needsCamera, capture]);

  // My wish is gone and the programme shows: was it my tap, or did my camera not come through?
  const stopped = useRef(false);
  useEffect(() => {
    const before = heard.current;
    heard.current = stage;
    if (before?.cutIn?.by.id !== me.id || stage?.cutIn || !stage?.relay) return;
    if (!stopped.current)
      latest.current.toast(t(before.cutIn.state === 'on' ? 'cutIn.lost' : 'cutIn.failed'), { tone: 'error' });
    stopped.current = false;
  }, [stage, me.id, t]);

  const stop = useCallback(() => {
    setLeft(null);
    setAsking(false);
    const asked = starting.current;
    if (!asked && left !== null) return;
    const end = async () => {
      // Refused: nothing of mine runs, and a colleague's picture is not mine to end.
      if (asked && !(await asked)) return;
      stopped.current = true;
      await inLine(() => api.call(endCutIn, { params: { id: roomId } }));
    };
    end().catch((error: unknown) => {
      stopped.current = false;
      tell(error);
    });
  }, [left, api, roomId, tell, inLine]);

  const phase = ((): CutIn['phase'] => {
    if (left !== null) return 'counting';
    if (cutIn && !mine) return 'busy';
    if (mine && cutIn?.state === 'on') return 'on';
    return wanted ? 'waiting' : 'off';
  })();
  return {
    phase,
    secondsLeft: left ?? 0,
    by: cutIn && !mine ? cutIn.by.name : null,
    publishing,
    start: useCallback(() => {
      void capture.open();
      setLeft(COUNT_FROM);
    }, [capture]),
    stop,
  };
};
