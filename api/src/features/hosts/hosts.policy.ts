/** Who may go live (rule Z2): what a host lacks, by the rules of now. */
export const HOST_LEAST_YEARS = 16;

export interface HostFacts {
  /** The day they turn 16, as somebody else has read it in their document; null: nobody has. */
  readonly sixteenOn: string | null;
  readonly trainings: number;
}
export interface Needs {
  readonly identityNeeded: boolean;
  readonly trainingNeeded: boolean;
}
export type Lack = 'identity' | 'training' | 'age';

/** `2010-02-29` has its sixteenth birthday on the first of March, as the law counts. */
export function sixteenOn(bornOn: string): string {
  const [year = 0, month = 1, day = 1] = bornOn.split('-').map(Number);
  return new Date(Date.UTC(year + HOST_LEAST_YEARS, month - 1, day)).toISOString().slice(0, 10);
}

/** Who is known to be too young hosts nothing, whatever the rules ask for. */
export const lacksOf = (facts: HostFacts, needs: Needs, today: string): Lack[] => [
  ...(facts.sixteenOn !== null && facts.sixteenOn > today ? (['age'] as const) : []),
  ...(needs.identityNeeded && facts.sixteenOn === null ? (['identity'] as const) : []),
  ...(needs.trainingNeeded && facts.trainings === 0 ? (['training'] as const) : []),
];
