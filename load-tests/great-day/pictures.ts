/** What the swarm is told of the pictures of a great day, and what it answers. */
import type { Interruptions } from 'k6/x/swarm';

export interface Pictures {
  readonly streams: readonly {
    readonly streamId: string;
    /** Options of the swarm's publish() and crowd(). */
    readonly publish: Record<string, unknown>;
    readonly crowd: Record<string, unknown>;
    readonly viewers: number;
  }[];
  /** From READY to the last look. */
  readonly seconds: number;
}
export interface PicturesResult {
  readonly streams: readonly {
    readonly streamId: string;
    readonly viewers: number;
    readonly interruptions: Interruptions;
    /** Sessions that its publisher had to open again. */
    readonly reconnects: number;
    readonly lastError: string;
    /** Of the viewer with the fewest, in the last seconds. */
    readonly picturesAtTheEnd: number;
  }[];
}
