import type { FallbackReason } from '@walnut-live/live-client';
import { createContext, type ReactNode, useContext } from 'react';
import type { VideoPhase } from '../stage-view.ts';
import { useVideoEngine } from './use-video-engine.ts';

export type QualityId = 'auto' | 'low' | 'medium' | 'high';

/** The picture as the room's controls see it. */
export type Video = {
  phase: VideoPhase;
  /** `realtime` = WebRTC, `smooth` = HLS; null while nothing plays. */
  mode: 'realtime' | 'smooth' | null;
  /** It comes by HLS: what is beside the main picture does not. */
  smooth: boolean;
  /** Why it comes by HLS; null while it comes by WebRTC. */
  fallbackReason: FallbackReason | null;
  /** The network is too weak for the picture: the last one stands while the sound goes on. */
  soundOnly: boolean;
  /** The person hears the room. */
  soundOn: boolean;
  /** Age of the picture; null if not known. */
  latencyMs: number | null;
  /** A frame of this stream has been shown. */
  hasFrame: boolean;
  /** Plays without sound because the browser wants a tap first. */
  soundBlocked: boolean;
  /** Does not play at all without a tap. */
  playBlocked: boolean;
  /** Levels to choose from; one or none hides the menu. */
  qualities: readonly QualityId[];
  quality: QualityId;
  /** Plays later than it could. */
  behindLive: boolean;
  attach: (element: HTMLVideoElement | null) => void;
  /** Must be called from a tap. */
  enableSound: () => void;
  setQuality: (id: QualityId) => void;
  backToLive: () => void;
  retry: () => void;
};

const VideoContext = createContext<Video | null>(null);

export const VideoProvider = ({ children }: { children: ReactNode }): ReactNode => (
  <VideoContext value={useVideoEngine()}>{children}</VideoContext>
);

export const useVideo = (): Video => {
  const video = useContext(VideoContext);
  if (!video) throw new Error('VideoProvider is missing');
  return video;
};
