/** What the test page of WHIP and WHEP offers to a test. JSON in, JSON out; no DOM types, so that server tests can use it. */
import type { Picture } from './media-page-api.ts';

export interface WhipPublishOptions {
  width?: number;
  height?: number;
  codec?: 'h264' | 'vp8';
  /** Names of simulcast layers from low to high. */
  layers?: string[];
}

/** Programs of other people that a page can play with. */
export type WhepPlayerName = 'whip-whep' | 'eyevinn';

export interface WhipPageApi {
  /** Publishes a pixel clock with the client of `whip-whep`. */
  publish(url: string, token: string, options?: WhipPublishOptions): Promise<void>;
  restartIce(side: 'publish' | 'watch'): Promise<void>;
  stopPublishing(): Promise<void>;
  publishConnection(): string;
  watch(url: string, token: string, player: WhepPlayerName): Promise<void>;
  stopWatching(): Promise<void>;
  watchConnection(): string;
  waitForPicture(options: { afterMs?: number; timeoutMs: number }): Promise<Picture & { tookMs: number }>;
  /** Answers of the server to the requests of the clients: method, status and entity tag. */
  exchanges(): Array<{ method: string; status: number; etag: string | null }>;
}
