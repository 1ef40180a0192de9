import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Capture, createCapture } from './capture.ts';

type FakeTrack = { kind: 'video' | 'audio'; id: string; stopped: boolean; onended: (() => void) | null };

const track = (kind: FakeTrack['kind'], id: string) => ({
  kind,
  id,
  stopped: false,
  onended: null,
  stop() {
    this.stopped = true;
  },
  getSettings: () => ({ deviceId: id }),
});

const streamOf = (tracks: ReturnType<typeof track>[]) => ({
  getTracks: () => tracks,
  getVideoTracks: () => tracks.filter((item) => item.kind === 'video'),
  getAudioTracks: () => tracks.filter((item) => item.kind === 'audio'),
});

/** Called with `new`, like the real one. */
function FakeStream(tracks: ReturnType<typeof track>[]) {
  return streamOf(tracks);
}

const named = (name: string): Error => Object.assign(new Error(name), { name });

const memory = (): Pick<Storage, 'getItem' | 'setItem'> & { data: Map<string, string> } => {
  const data = new Map<string, string>();
  return { data, getItem: (key) => data.get(key) ?? null, setItem: (key, value) => void data.set(key, value) };
};

type Answer = (constraints: MediaStreamConstraints) => Promise<unknown>;
const opened: ReturnType<typeof track>[] = [];
const everything: Answer = async (constraints) => {
  const made = [
    ...(constraints.video ? [track('video', `camera-${opened.length}`)] : []),
    ...(constraints.audio ? [track('audio', `microphone-${opened.length}`)] : []),
  ];
  opened.push(...made);
  return streamOf(made);
};

const setUp = (
  answer: Answer,
  devices: MediaDeviceKind[] = ['videoinput', 'audioinput'],
  permission: Record<string, PermissionState> = {},
  storage = memory(),
) => {
  vi.stubGlobal('MediaStream', FakeStream);
  const getUserMedia = vi.fn(answer);
  const capture: Capture = createCapture({
    mediaDevices: {
      getUserMedia,
      enumerateDevices: async () => devices.map((kind, at) => ({ kind, deviceId: `${kind}-${at}`, label: kind })),
    } as unknown as MediaDevices,
    permissions: {
      query: async ({ name }: { name: string }) => ({ state: permission[name] ?? 'prompt' }),
    } as Permissions,
    isSecureContext: true,
    storage,
  });
  return { capture, getUserMedia, storage };
};

describe('capture', () => {
  afterEach(() => {
    opened.length = 0;
    vi.unstubAllGlobals();
  });

  it('opens both, remembers nothing but choices, and stops all with close', async () => {
    const { capture } = setUp(everything);
    await capture.open();
    await capture.open();
    expect(capture.get()).toMatchObject({ status: 'ready', problem: null, cameraId: 'camera-0' });
    expect(opened).toHaveLength(2);
    capture.close();
    expect(opened.every((item) => item.stopped)).toBe(true);
    expect(capture.get()).toMatchObject({ status: 'idle', stream: null });
  });

  it('goes on without sound when only the microphone is denied', async () => {
    const { capture } = setUp(
      (constraints) => (constraints.audio ? Promise.reject(named('NotAllowedError')) : everything(constraints)),
      undefined,
      { camera: 'granted', microphone: 'denied' },
    );
    await capture.open();
    expect(capture.get()).toMatchObject({ status: 'ready', problem: 'micDenied' });
  });

  it('goes on without sound when there is no microphone', async () => {
    const { capture } = setUp(
      (constraints) => (constraints.audio ? Promise.reject(named('NotFoundError')) : everything(constraints)),
      ['videoinput'],
    );
    await capture.open();
    expect(capture.get()).toMatchObject({ status: 'ready', problem: 'micMissing' });
  });

  it.each([
    ['NotAllowedError', {}, 'bothDenied'],
    ['NotAllowedError', { camera: 'denied', microphone: 'granted' }, 'cameraDenied'],
    ['NotFoundError', {}, 'missing'],
    ['NotReadableError', {}, 'inUse'],
  ] as const)('%s with %j is %s, and a retry can mend it', async (name, permission, problem) => {
    let broken = true;
    const { capture } = setUp(
      (constraints) => (broken ? Promise.reject(named(name)) : everything(constraints)),
      ['audioinput'],
      permission,
    );
    await capture.open();
    expect(capture.get()).toMatchObject({ status: 'failed', problem, stream: null });
    broken = false;
    await capture.retry();
    expect(capture.get().status).toBe('ready');
  });

  it('says that an insecure page can never work', async () => {
    const capture = createCapture({
      mediaDevices: undefined,
      permissions: undefined,
      isSecureContext: false,
      storage: memory(),
    });
    await capture.open();
    expect(capture.get()).toMatchObject({ status: 'failed', problem: 'insecure' });
  });

  it('stops the old camera before it asks for the other, keeps the microphone and remembers the choice', async () => {
    const { capture, getUserMedia, storage } = setUp(everything);
    await capture.open();
    const [camera, microphone] = [...opened];
    getUserMedia.mockImplementationOnce(async (constraints) => {
      expect(camera?.stopped).toBe(true);
      return everything(constraints);
    });
    await capture.selectCamera('other');
    expect(microphone?.stopped).toBe(false);
    expect(
      capture
        .get()
        .stream?.getTracks()
        .map((item) => item.kind)
        .sort(),
    ).toEqual(['audio', 'video']);
    const { capture: later } = setUp(everything, undefined, {}, storage);
    expect(later.get().cameraId).toBe('other');
  });

  it('stops and forgets an answer that comes after close', async () => {
    let answer: (stream: unknown) => void = () => undefined;
    const { capture } = setUp(() => new Promise((resolve) => (answer = resolve)));
    const opening = capture.open();
    capture.close();
    const late = track('video', 'late');
    answer(streamOf([late]));
    await opening;
    expect(late.stopped).toBe(true);
    expect(capture.get()).toMatchObject({ status: 'idle', stream: null });
  });

  it('survives a broken memory', () => {
    const storage = memory();
    storage.data.set('walnut-live.studio.devices', '{');
    expect(setUp(everything, undefined, {}, storage).capture.get()).toMatchObject({ mirror: true, facing: 'user' });
  });
});
