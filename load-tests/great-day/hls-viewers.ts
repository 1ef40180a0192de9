/** Viewers by HLS as hls.js is one: the newest playlist, blocking reloads, every new part; who loses the server begins anew. */
import { Agent } from 'node:http';
import { nextOf, parseMediaPlaylist, request, withDirectives } from '../../media-server/test/hls-kit.ts';
import { mintToken } from '../../media-server/test/kit.ts';

const AGAIN_MS = 500;

export interface HlsViewers {
  readonly count: number;
  parts(): number;
  /** Milliseconds from the last part before a loss to the first one after it. */
  readonly gapsMs: readonly number[];
  /** Resolves when all have stopped; how many got a part in the last `withinMs`. */
  stop(withinMs: number): Promise<number>;
}

/** @param urlOf where a stream is watched now, for the attempt of this number */
export function watchByHls(
  streams: readonly string[],
  count: number,
  deps: { secret: string; urlOf(stream: string, attempt: number): string },
): HlsViewers {
  const agent = new Agent({ keepAlive: true, maxSockets: count * 2 });
  const lastPartAt: number[] = [];
  const gapsMs: number[] = [];
  let parts = 0;
  let running = true;

  async function view(n: number, stream: string): Promise<void> {
    const seen = new Set<string>();
    for (let attempt = 0; running; attempt++) {
      try {
        const base = deps.urlOf(stream, attempt);
        const token = await mintToken({ sub: `hls-${n}`, streamId: stream }, deps.secret);
        const master = await request(`${base}/hls/${stream}/master.m3u8?token=${token}`, agent);
        if (master.status !== 200) throw new Error(`master ${master.status}`);
        const mediaUrl = `${base}/hls/${stream}/${master.body.toString().trim().split('\n').at(-1)}`;
        for (let url = mediaUrl; running; ) {
          const reply = await request(url, agent);
          if (reply.status !== 200) throw new Error(`playlist ${reply.status}`);
          const playlist = parseMediaPlaylist(reply.body.toString());
          for (const { uri } of playlist.segments.slice(-2).flatMap((segment) => segment.parts)) {
            if (seen.has(uri)) continue;
            seen.add(uri);
            const media = await request(new URL(uri, mediaUrl).href, agent);
            if (media.status !== 200) throw new Error(`part ${media.status}`);
            const [now, before] = [performance.now(), lastPartAt[n]];
            if (before !== undefined && now - before > 3_000) gapsMs.push(now - before);
            lastPartAt[n] = now;
            parts += 1;
          }
          url = withDirectives(mediaUrl, nextOf(playlist));
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }
  const all = Array.from({ length: count }, (_, n) => view(n, streams[n % streams.length] ?? ''));
  return {
    ...{ count, gapsMs },
    parts: () => parts,
    async stop(withinMs) {
      const now = performance.now();
      running = false;
      await Promise.all(all);
      agent.destroy();
      return Array.from(lastPartAt).filter((at) => at !== undefined && now - at < withinMs).length;
    },
  };
}
