/**
 * Time that a drill moves: loaded into the servers before anything else (`moveableTime`), it lets their clock run as far ahead of
 * the machine's as a file says. Nothing in the product knows of it; timers and the browser keep the machine's time.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILE = 'DRILL_TIME_FILE';
const LOOK_EVERY_MS = 100;
/** Longer than the servers take to look. */
const SEEN_AFTER_MS = 1_000;

export interface MoveableTime {
  /** What servers are started with. */
  readonly env: Readonly<Record<string, string>>;
  now(): Date;
  /** Once it resolves the servers' clocks are so much further. */
  advance(ms: number): Promise<void>;
  end(): void;
}
export function moveableTime(): MoveableTime {
  const path = join(tmpdir(), `walnut-live-time-${process.pid}-${Date.now()}`);
  let aheadMs = 0;
  writeFileSync(path, '0');
  return {
    env: { [FILE]: path, NODE_OPTIONS: `--import ${import.meta.url}` },
    now: () => new Date(Date.now() + aheadMs),
    async advance(ms) {
      aheadMs += ms;
      writeFileSync(path, String(aheadMs));
      await new Promise((done) => setTimeout(done, SEEN_AFTER_MS));
    },
    end: () => rmSync(path, { force: true }),
  };
}

const path = process.env[FILE];
if (path !== undefined) {
  let aheadMs = 0;
  const look = (): void => {
    try {
      aheadMs = Number(readFileSync(path, 'utf8')) || 0;
    } catch {
      // The drill has ended and took it along.
    }
  };
  look();
  setInterval(look, LOOK_EVERY_MS).unref();
  const RealDate = Date;
  const now = (): number => RealDate.now() + aheadMs;
  // A proxy, not a class of its own: dates made by others are still dates.
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, as) => Reflect.construct(target, given.length === 0 ? [now()] : given, as) as object,
    get: (target, name, as) => (name === 'now' ? now : Reflect.get(target, name, as)),
  });
}
