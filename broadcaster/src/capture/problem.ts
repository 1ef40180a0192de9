/** Why there is no picture or no sound, in kinds that ask for different actions. */
export type CaptureProblem =
  | 'insecure'
  | 'unsupported'
  | 'cameraDenied'
  | 'micDenied'
  | 'bothDenied'
  | 'inUse'
  | 'missing'
  | 'micMissing'
  | 'unknown';

export type CaptureEnvironment = { isSecureContext: boolean; hasMediaDevices: boolean };

/** Before anything is asked: what can never work here. */
export const environmentProblem = ({ isSecureContext, hasMediaDevices }: CaptureEnvironment): CaptureProblem | null => {
  // Insecure pages have no mediaDevices at all, so this has to be asked first.
  if (!isSecureContext) return 'insecure';
  return hasMediaDevices ? null : 'unsupported';
};

/** What was asked for when getUserMedia rejected. */
export type AskedFor = 'camera' | 'microphone' | 'both';

const nameOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'name' in error && typeof error.name === 'string' ? error.name : '';

/** A rejection of getUserMedia (Media Capture and Streams, section 10.2) as a problem of ours. */
export const problemOf = (error: unknown, asked: AskedFor): CaptureProblem => {
  switch (nameOf(error)) {
    case 'NotAllowedError':
    case 'SecurityError':
    case 'PermissionDeniedError':
      return asked === 'both' ? 'bothDenied' : asked === 'camera' ? 'cameraDenied' : 'micDenied';
    case 'NotFoundError':
    case 'OverconstrainedError':
    case 'DevicesNotFoundError':
      return asked === 'microphone' ? 'micMissing' : 'missing';
    case 'NotReadableError':
    case 'AbortError':
    case 'TrackStartError':
      return 'inUse';
    case 'TypeError':
      return 'unsupported';
    default:
      return 'unknown';
  }
};

/** Without sound a live is possible, with a warning; without a picture it is not. */
export const blocksGoingLive = (problem: CaptureProblem | null): boolean =>
  problem !== null && problem !== 'micDenied' && problem !== 'micMissing';
