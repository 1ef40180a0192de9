/** Pure reading of what a guide typed for a quiz or a survey. */
import type { BodyInputOf, openPoll } from '@walnut-live/contracts';

export type PollDraft = {
  kind: 'quiz' | 'survey';
  question: string;
  options: readonly { key: string; text: string }[];
  /** Key of the right option; null until one is chosen. */
  rightKey: string | null;
  quizSeconds: number;
  /** 0: until it is closed. */
  surveySeconds: number;
  multiple: boolean;
  liveResults: boolean;
  changeable: boolean;
};

const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s+/g, '');

/** Null when something is missing, or two options say the same. */
export const readPoll = (roomId: string, draft: PollDraft): BodyInputOf<typeof openPoll> | null => {
  const question = draft.question.trim();
  const options = draft.options.map(({ text }) => text.trim());
  if (question === '' || options.some((option) => option === '')) return null;
  if (new Set(options.map(plain)).size < options.length) return null;
  if (draft.kind === 'survey') {
    const { multiple, liveResults, changeable, surveySeconds } = draft;
    const seconds = surveySeconds === 0 ? null : surveySeconds;
    return { kind: 'survey', roomId, question, options, multiple, liveResults, changeable, seconds };
  }
  const rightNo = 1 + draft.options.findIndex(({ key }) => key === draft.rightKey);
  return rightNo === 0 ? null : { kind: 'quiz', roomId, question, options, rightNo, seconds: draft.quizSeconds };
};
