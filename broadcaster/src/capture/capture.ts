import { createStore, type Store } from '@walnut-live/live-client/room';
import { type AskedFor, type CaptureProblem, environmentProblem, problemOf } from './problem.ts';

/*
 * The guide's camera and microphone, from the preview into the live.
 *
 * Invariants
 * - At most one camera and one microphone track are open; whatever replaces them stops them first, because phones cannot
 *   open two cameras at once. `close` stops all.
 * - `stream` is a new object whenever one of its tracks changed, so that listeners can compare by identity.
 * - An answer of getUserMedia that comes after a newer question is stopped and forgotten (`turn`).
 */

export type Facing = 'user' | 'environment';
export type CaptureDevice = { id: string; label: string };

export type CaptureState = {
  status: 'idle' | 'opening' | 'ready' | 'failed';
  stream: MediaStream | null;
  /** With `ready`: what is missing all the same (the microphone). */
  problem: CaptureProblem | null;
  cameras: readonly CaptureDevice[];
  microphones: readonly CaptureDevice[];
  cameraId: string | null;
  microphoneId: string | null;
  facing: Facing;
  mirror: boolean;
};

type Remembered = Pick<CaptureState, 'cameraId' | 'microphoneId' | 'facing' | 'mirror'>;

export type CaptureDeps = {
  mediaDevices: MediaDevices | undefined;
  permissions: Permissions | undefined;
  isSecureContext: boolean;
  storage: Pick<Storage, 'getItem' | 'setItem'>;
};

export type Capture = Store<CaptureState> & {
  /** Opens camera and microphone, or does nothing when they are open. */
  open: () => Promise<void>;
  retry: () => Promise<void>;
  selectCamera: (id: string) => Promise<void>;
  selectMicrophone: (id: string) => Promise<void>;
  /** Front ↔ back. */
  flip: () => Promise<void>;
  setMirror: (mirror: boolean) => void;
  /** Stops every track; `open` starts anew. */
  close: () => void;
};

const STORAGE_KEY = 'walnut-live.studio.devices';
const initialChoice: Remembered = { cameraId: null, microphoneId: null, facing: 'user', mirror: true };

const recall = (storage: CaptureDeps['storage']): Remembered => {
  try {
    const known = JSON.parse(storage.getItem(STORAGE_KEY) ?? '{}') as Partial<Record<keyof Remembered, unknown>>;
    return {
      cameraId: typeof known.cameraId === 'string' ? known.cameraId : null,
      microphoneId: typeof known.microphoneId === 'string' ? known.microphoneId : null,
      facing: known.facing === 'environment' ? 'environment' : 'user',
      mirror: typeof known.mirror === 'boolean' ? known.mirror : true,
    };
  } catch {
    return initialChoice;
  }
};

const stop = (tracks: readonly MediaStreamTrack[]): void => {
  for (const track of tracks) {
    track.onended = null;
    track.stop();
  }
};

export const createCapture = ({ mediaDevices, permissions, isSecureContext, storage }: CaptureDeps): Capture => {
  const store = createStore<CaptureState>({
    status: 'idle',
    stream: null,
    problem: null,
    cameras: [],
    microphones: [],
    ...recall(storage),
  });
  let turn = 0;

  const patch = (change: Partial<CaptureState>): void => store.set({ ...store.get(), ...change });

  const choose = (change: Partial<Remembered>): void => {
    patch(change);
    const { cameraId, microphoneId, facing, mirror } = store.get();
    try {
      storage.setItem(STORAGE_KEY, JSON.stringify({ cameraId, microphoneId, facing, mirror }));
    } catch {
      // Private mode: the choice lasts for this page.
    }
  };

  const videoConstraints = (): MediaTrackConstraints => {
    const { cameraId, facing } = store.get();
    return {
      width: { ideal: 1280 },
      height: { ideal: 720 },
      frameRate: { ideal: 30, max: 30 },
      // A mode the camera really has: otherwise an upright source is cropped to a square to come near 1280 × 720.
      ...({ resizeMode: { ideal: 'none' } } as MediaTrackConstraints),
      ...(cameraId ? { deviceId: { ideal: cameraId } } : { facingMode: { ideal: facing } }),
    };
  };
  const audioConstraints = (): MediaTrackConstraints => {
    const { microphoneId } = store.get();
    return {
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      ...(microphoneId ? { deviceId: { ideal: microphoneId } } : {}),
    };
  };

  const listDevices = async (): Promise<void> => {
    if (!mediaDevices) return;
    const devices = await mediaDevices.enumerateDevices().catch(() => []);
    const of = (kind: MediaDeviceKind): CaptureDevice[] =>
      devices
        .filter((device) => device.kind === kind && device.deviceId !== '')
        .map((device) => ({ id: device.deviceId, label: device.label }));
    patch({ cameras: of('videoinput'), microphones: of('audioinput') });
  };

  const granted = async (name: 'camera' | 'microphone'): Promise<boolean | null> => {
    try {
      const status = await permissions?.query({ name: name as PermissionName });
      return status ? status.state === 'granted' : null;
    } catch {
      return null;
    }
  };

  const has = async (kind: MediaDeviceKind): Promise<boolean> =>
    ((await mediaDevices?.enumerateDevices().catch(() => [])) ?? []).some((device) => device.kind === kind);

  /** The picture alone is enough to go on with when only the microphone is the trouble. */
  const withoutMicrophone = async (problem: CaptureProblem): Promise<CaptureProblem | null> => {
    if (problem === 'bothDenied') {
      const [camera, microphone] = [await granted('camera'), await granted('microphone')];
      if (camera && microphone === false) return 'micDenied';
      if (camera === false && microphone) return null;
    }
    if (problem === 'missing' && (await has('videoinput')) && !(await has('audioinput'))) return 'micMissing';
    return null;
  };

  const watchTracks = (stream: MediaStream): void => {
    // Unplugged, or taken by a phone call: ask again, which finds another device or names the problem.
    for (const track of stream.getTracks()) track.onended = () => void reopen();
  };

  const accept = (stream: MediaStream, problem: CaptureProblem | null): void => {
    watchTracks(stream);
    patch({ status: 'ready', stream, problem });
    const camera = stream.getVideoTracks()[0]?.getSettings();
    const microphone = stream.getAudioTracks()[0]?.getSettings();
    if (camera?.facingMode === 'environment' || camera?.facingMode === 'user') patch({ facing: camera.facingMode });
    patch({
      cameraId: camera?.deviceId ?? store.get().cameraId,
      microphoneId: microphone?.deviceId ?? store.get().microphoneId,
    });
    void listDevices();
  };

  const ask = async (constraints: MediaStreamConstraints, mine: number): Promise<MediaStream | null> => {
    if (!mediaDevices) return null;
    const stream = await mediaDevices.getUserMedia(constraints);
    if (mine === turn) return stream;
    stop(stream.getTracks());
    return null;
  };

  const reopen = async (): Promise<void> => {
    turn += 1;
    const mine = turn;
    const impossible = environmentProblem({ isSecureContext, hasMediaDevices: mediaDevices !== undefined });
    if (impossible) return patch({ status: 'failed', problem: impossible, stream: null });
    stop(store.get().stream?.getTracks() ?? []);
    patch({ status: 'opening', stream: null, problem: null });
    try {
      const stream = await ask({ video: videoConstraints(), audio: audioConstraints() }, mine);
      if (stream) accept(stream, null);
    } catch (error) {
      const problem = problemOf(error, 'both');
      const lesser = await withoutMicrophone(problem);
      if (mine !== turn) return;
      if (!lesser) {
        const cameraOnly = problem === 'bothDenied' && (await granted('microphone')) === true;
        patch({ status: 'failed', problem: cameraOnly ? 'cameraDenied' : problem });
        void listDevices();
        return;
      }
      try {
        const stream = await ask({ video: videoConstraints() }, mine);
        if (stream) accept(stream, lesser);
      } catch (second) {
        if (mine === turn) patch({ status: 'failed', problem: problemOf(second, 'camera') });
      }
    }
  };

  /** Replaces one of the two tracks and keeps the other. */
  const change = async (kind: 'video' | 'audio', change: Partial<Remembered>): Promise<void> => {
    const { stream } = store.get();
    if (!mediaDevices || !stream) {
      choose(change);
      return reopen();
    }
    turn += 1;
    const mine = turn;
    const kept = stream.getTracks().filter((track) => track.kind !== kind);
    const before = store.get();
    stop(stream.getTracks().filter((track) => track.kind === kind));
    choose(change);
    const asked: AskedFor = kind === 'video' ? 'camera' : 'microphone';
    try {
      const fresh = await ask(kind === 'video' ? { video: videoConstraints() } : { audio: audioConstraints() }, mine);
      if (!fresh) return;
      const problem = kind === 'audio' ? null : before.problem;
      accept(new MediaStream([...kept, ...fresh.getTracks()]), problem);
    } catch (error) {
      if (mine !== turn) return;
      choose({ cameraId: before.cameraId, microphoneId: before.microphoneId, facing: before.facing });
      const problem = problemOf(error, asked);
      if (kind === 'audio') patch({ stream: new MediaStream(kept), problem });
      else {
        stop(kept);
        patch({ status: 'failed', stream: null, problem });
      }
    }
  };

  return {
    get: store.get,
    subscribe: store.subscribe,
    select: store.select,
    open: async () => {
      if (store.get().status === 'idle' || store.get().status === 'failed') await reopen();
    },
    retry: reopen,
    selectCamera: (id) => change('video', { cameraId: id }),
    selectMicrophone: (id) => change('audio', { microphoneId: id }),
    flip: () => {
      const { cameras, cameraId, facing } = store.get();
      const next: Facing = facing === 'user' ? 'environment' : 'user';
      // A laptop with two cameras knows no facing: take the next one.
      const at = cameras.findIndex((camera) => camera.id === cameraId);
      const isPhone = store.get().stream?.getVideoTracks()[0]?.getSettings().facingMode !== undefined;
      const other = isPhone ? null : (cameras[(at + 1) % Math.max(1, cameras.length)]?.id ?? null);
      return change('video', { facing: next, cameraId: other, mirror: next === 'user' });
    },
    setMirror: (mirror) => choose({ mirror }),
    close: () => {
      turn += 1;
      stop(store.get().stream?.getTracks() ?? []);
      patch({ status: 'idle', stream: null, problem: null });
    },
  };
};
