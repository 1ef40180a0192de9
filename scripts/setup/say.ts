/**
 * What the launcher says on the terminal: one line per step, progress on long ones, no colours where nobody sees them.
 * Everything goes to standard error, except results that somebody may want to pipe.
 */

const isTerminal = process.stderr.isTTY === true;
const colour = isTerminal && !process.env.NO_COLOR;
const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = (text: string) => paint(1, text);
export const dim = (text: string) => paint(2, text);
export const green = (text: string) => paint(32, text);
export const red = (text: string) => paint(31, text);
export const yellow = (text: string) => paint(33, text);

/** A line to the person at the terminal. */
export function say(line = ''): void {
  process.stderr.write(`${line}\n`);
}

/** A failure that is not a bug: said without a stack trace, with what to do about it. */
export class SetupError extends Error {
  readonly advice: readonly string[];
  constructor(message: string, advice: readonly string[] = []) {
    super(message);
    this.name = 'SetupError';
    this.advice = advice;
  }
}

/** Says a failure and what to do about it. */
export function sayFailure(error: unknown): void {
  if (error instanceof SetupError) {
    say(`${red('✗')} ${error.message}`);
    for (const line of error.advice) say(`  ${line}`);
  } else {
    say(`${red('✗')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

export interface Progress {
  /** Replaces the progress of the step, for example `[12/261]`. On a log file at most every 10 s. */
  update(text: string): void;
}

const LOG_INTERVAL_MS = 10_000;
const SLOW_MS = 1_500;

/**
 * Runs a step and says how it went. A step that finds nothing to do returns `quiet` and leaves no line.
 * @param title what is being done, in the present tense
 */
export async function step<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  let shownAt = isTerminal ? 0 : startedAt;
  const show = (text: string) => {
    if (isTerminal) process.stderr.write(`\r\u001b[K• ${title} ${dim(text)}`);
    else if (Date.now() - shownAt > LOG_INTERVAL_MS) {
      shownAt = Date.now();
      say(`• ${title} ${text}`);
    }
  };
  show('…');
  if (!isTerminal) say(`• ${title}`);
  const ticker = setInterval(() => isTerminal && lastText === undefined && show(`${seconds(startedAt)}`), 1000);
  let lastText: string | undefined;
  try {
    const result = await work({
      update: (text) => {
        lastText = text;
        show(text);
      },
    });
    const took = Date.now() - startedAt;
    if (isTerminal) process.stderr.write('\r\u001b[K');
    if (isTerminal || took > SLOW_MS)
      say(`${green('✓')} ${title}${took > SLOW_MS ? dim(` (${seconds(startedAt)})`) : ''}`);
    return result;
  } catch (error) {
    if (isTerminal) process.stderr.write('\r\u001b[K');
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

function seconds(since: number): string {
  const value = (Date.now() - since) / 1000;
  return value < 90
    ? `${value.toFixed(value < 10 ? 1 : 0)} s`
    : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}
