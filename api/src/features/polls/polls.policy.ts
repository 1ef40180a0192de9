/** What an answer may be, what comes of many, and who leads a quiz: pure. */
import type { Poll, QuizLeader } from '@walnut-live/contracts';
import { MAX_QUIZ_LEADERS } from '@walnut-live/contracts';

export type PollTerms = Pick<Poll, 'multiple'> & { readonly options: number };

/** The choices in their order when the question takes them; undefined when it does not. */
export function readChoices(choices: readonly number[], { multiple, options }: PollTerms): number[] | undefined {
  const chosen = [...new Set(choices)].sort((a, b) => a - b);
  if (chosen.length === 0 || (!multiple && chosen.length > 1)) return undefined;
  return chosen.every((no) => Number.isInteger(no) && no >= 1 && no <= options) ? chosen : undefined;
}

/** Two options that say the same are a question nobody can answer; case and width make no difference. */
export function haveTwins(options: readonly string[]): boolean {
  const plain = options.map((option) => option.normalize('NFKC').toLowerCase().replace(/\s+/g, ''));
  return new Set(plain).size < plain.length;
}

/** What everybody may be told of it now. The key of a quiz and what people chose are told when it is closed. */
export function shownOf(poll: Pick<Poll, 'kind' | 'state'> & { readonly liveResults: boolean }): {
  readonly tally: boolean;
  readonly key: boolean;
} {
  const closed = poll.state === 'closed';
  return {
    tally: closed || (poll.kind === 'survey' && poll.state === 'open' && poll.liveResults),
    key: closed && poll.kind === 'quiz',
  };
}

export interface Score {
  readonly personId: string;
  readonly name: string;
  readonly right: number;
  readonly ms: number;
}
/** Most right answers first, then the quickest; equals share a place, and the next one counts from behind them. */
export function leadersOf(scores: readonly Score[]): QuizLeader[] {
  const best = scores
    .filter(({ right }) => right > 0)
    .sort((a, b) => b.right - a.right || a.ms - b.ms || (a.personId < b.personId ? -1 : 1));
  return best.slice(0, MAX_QUIZ_LEADERS).map((score) => ({
    ...score,
    rank: 1 + best.findIndex(({ right, ms }) => right === score.right && ms === score.ms),
  }));
}
