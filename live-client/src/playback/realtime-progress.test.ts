import { describe, expect, it } from 'vitest';
import { createRealtimeProgress } from './realtime-progress.ts';

describe('progress of WebRTC', () => {
  it('is still trying while it is connected and no frame has come', () => {
    const progress = createRealtimeProgress(0);
    progress.state('playing', true, 400);
    expect(progress).toMatchObject({ tryingSinceMs: 0, playingSinceMs: null, awaitsFrame: true, hasPlayed: false });
    progress.drew(900);
    expect(progress).toMatchObject({ tryingSinceMs: null, playingSinceMs: 900, awaitsFrame: false, hasPlayed: true });
    progress.drew(1_000);
    expect(progress.playingSinceMs).toBe(900);
  });

  it('needs a frame again after every reconnection', () => {
    const progress = createRealtimeProgress(0);
    progress.state('playing', true, 400);
    progress.drew(500);
    progress.state('reconnecting', true, 2_000);
    expect(progress.tryingSinceMs).toBe(2_000);
    progress.state('playing', true, 3_000);
    expect(progress).toMatchObject({ tryingSinceMs: 2_000, playingSinceMs: null, hasPlayed: true });
    progress.drew(3_100);
    expect(progress).toMatchObject({ tryingSinceMs: null, playingSinceMs: 3_100 });
  });

  it('asks for no picture where there is none: sound alone, or a camera that is off', () => {
    const progress = createRealtimeProgress(0);
    progress.state('playing', false, 400);
    expect(progress).toMatchObject({ tryingSinceMs: null, playingSinceMs: 400 });
    progress.state('playing', true, 5_000);
    expect(progress).toMatchObject({ tryingSinceMs: 5_000, awaitsFrame: true });
  });

  it('does not count the time without a stream', () => {
    const progress = createRealtimeProgress(0);
    progress.state('waiting', false, 400);
    expect(progress.tryingSinceMs).toBeNull();
    progress.state('connecting', false, 60_000);
    expect(progress.tryingSinceMs).toBe(60_000);
  });

  it('takes no frame for its own that came while it was not connected', () => {
    const progress = createRealtimeProgress(0);
    progress.drew(100);
    expect(progress.playingSinceMs).toBeNull();
  });
});
