import { useQuery, useQueryClient } from '@tanstack/react-query';
import { patchRoom, type RoomSource, type RoomStream, readRoomStream } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { useEffect, useRef } from 'react';
import { useSelect, useServices } from '../app/services.tsx';
import { type EncoderPhase, phaseOf } from './encoder-health.ts';

/** Its figures are on the screen. */
const ENCODER_EVERY_MS = 2_000;
/** Another studio of the room may have chosen the encoder meanwhile. */
const CAMERA_EVERY_MS = 10_000;

export type RoomStreamState = {
  source: RoomSource;
  phase: EncoderPhase;
  /** As last told; undefined before. */
  stream: RoomStream | undefined;
  /** Chooses who publishes, for every studio of the room. Rejects with ApiError. */
  choose: (source: RoomSource) => Promise<void>;
};

/**
 * The room's own stream as the media server sees it, asked every few seconds and at once when the room hears of a change.
 * The source is the room's: a choice made in another studio arrives here, and a reload finds it again.
 */
export const useRoomStream = (
  { id, source: first = 'camera' }: { id: string; source?: RoomSource | undefined },
  session: RoomSession,
  enabled: boolean,
  onBack: () => void,
): RoomStreamState => {
  const { api } = useServices();
  const queries = useQueryClient();
  const queryKey = ['room-stream', id];
  const reading = useQuery({
    queryKey,
    queryFn: ({ signal }) => api.call(readRoomStream, { params: { id }, signal }),
    enabled,
    retry: false,
    refetchInterval: ({ state }) => ((state.data?.source ?? first) === 'encoder' ? ENCODER_EVERY_MS : CAMERA_EVERY_MS),
  });
  const told = useSelect(session, (state) => state.stream.state);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew at every state that the room is told
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ['room-stream', id] });
  }, [told, id, queries]);

  const source = reading.data?.source ?? first;
  const phase = phaseOf(reading.data, reading.isError);
  const before = useRef(phase);
  useEffect(() => {
    if (phase === 'live' && before.current === 'interrupted' && source === 'encoder') onBack();
    // A reading that failed in between is no state of the encoder.
    if (phase !== 'unknown') before.current = phase;
  }, [phase, source, onBack]);

  return {
    source,
    phase,
    stream: reading.data,
    choose: async (next) => {
      await api.call(patchRoom, { params: { id }, body: { source: next } });
      await queries.cancelQueries({ queryKey });
      queries.setQueryData<RoomStream>(queryKey, (known) => known && { ...known, source: next });
      void queries.invalidateQueries({ queryKey: ['room', id] });
      void queries.invalidateQueries({ queryKey: ['stream-key', id] });
      await queries.invalidateQueries({ queryKey });
    },
  };
};
