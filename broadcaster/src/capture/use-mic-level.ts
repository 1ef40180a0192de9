import { useEffect, useState } from 'react';
import { fallSlowly, levelOf, SPEECH_LEVEL } from './level.ts';

export type MicLevel = {
  /** 0 … 1. */
  level: number;
  /** Somebody has spoken since the microphone was opened. */
  heard: boolean;
};

/** How loud the microphone is, ten times a second; null without sound or where the browser does not let us listen. */
export const useMicLevel = (stream: MediaStream | null): MicLevel | null => {
  const [state, setState] = useState<MicLevel | null>(null);
  const track = stream?.getAudioTracks()[0] ?? null;
  useEffect(() => {
    setState(null);
    if (!track || typeof AudioContext === 'undefined') return;
    const context = new AudioContext();
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let shown = 0;
    let heard = false;
    const timer = setInterval(() => {
      // Suspended until the page was touched once: unknown, not silent.
      if (context.state !== 'running') {
        void context.resume().catch(() => undefined);
        return;
      }
      analyser.getFloatTimeDomainData(samples);
      shown = fallSlowly(shown, levelOf(samples));
      heard ||= shown > SPEECH_LEVEL;
      setState({ level: shown, heard });
    }, 100);
    return () => {
      clearInterval(timer);
      source.disconnect();
      void context.close().catch(() => undefined);
    };
  }, [track]);
  return state;
};
