/** Starts the distribution's Chromium for tests, with the flags that media tests need. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** @throws Error when there is none; `./live doctor` says how to get one */
export function chromiumPath(environment: Record<string, string | undefined> = process.env): string {
  const found = [environment.CHROMIUM_BIN, ...CANDIDATES].find((path) => path !== undefined && existsSync(path));
  if (!found) throw new Error(`no Chromium: looked at ${CANDIDATES.join(', ')}; set CHROMIUM_BIN`);
  return found;
}

/** WebGL without a graphics card: every pixel is made by the processor. */
export const SOFTWARE_WEBGL = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];

export interface ChromiumOptions {
  /** Y4M or MJPEG file that plays (in a loop) as the camera; otherwise Chromium's own test pattern. */
  fakeVideoFile?: string;
  /** WAV file that plays as the microphone. */
  fakeAudioFile?: string;
  /** False: pages have to be touched before they may play sound, like on a phone. Default true. */
  autoplayWithSound?: boolean;
  extraArgs?: string[];
  /** Another program than the one that chromiumPath() finds. */
  executablePath?: string;
}

/** Close it in the test's clean-up; it ends with the process otherwise. */
export function launchChromium(options: ChromiumOptions = {}): Promise<Browser> {
  const {
    fakeVideoFile,
    fakeAudioFile,
    autoplayWithSound = true,
    extraArgs = [],
    executablePath = chromiumPath(),
  } = options;
  return chromium.launch({
    executablePath,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Pages in the background must go on drawing and playing.
      '--disable-background-timer-throttling',
      '--disable-backgrounding-occluded-windows',
      '--disable-renderer-backgrounding',
      // ICE on loopback.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
      '--allow-loopback-in-peer-connection',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--autoplay-policy=${autoplayWithSound ? 'no-user-gesture-required' : 'document-user-activation-required'}`,
      ...(fakeVideoFile ? [`--use-file-for-fake-video-capture=${fakeVideoFile}`] : []),
      ...(fakeAudioFile ? [`--use-file-for-fake-audio-capture=${fakeAudioFile}`] : []),
      ...extraArgs,
    ],
  });
}
