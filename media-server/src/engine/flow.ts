/** Tells whether packets of a set of producers arrive, by sampling their counters. */
import type { types } from 'mediasoup';

const SAMPLE_WHILE_SILENT_MS = 60;
const SAMPLE_WHILE_FLOWING_MS = 500;
/** Without a single packet for this long nothing flows. */
export const SILENCE_MS = 2_500;

export interface FlowMonitor {
  readonly flowing: boolean;
  /** Time of the last packet seen, for "since when is it silent"; null before the first. */
  readonly lastPacketAtMs: number | null;
  stop(): void;
}

export function monitorFlow(input: {
  producers: () => types.Producer[];
  onChange: (flowing: boolean) => void;
}): FlowMonitor {
  const counts = new Map<string, number>();
  let flowing = false;
  let lastPacketAtMs: number | null = null;
  let stopped = false;
  let timer: NodeJS.Timeout;

  async function sample(): Promise<void> {
    const producers = input.producers().filter((producer) => !producer.closed);
    for (const id of [...counts.keys()]) if (!producers.some((producer) => producer.id === id)) counts.delete(id);
    const reports = await Promise.all(producers.map((producer) => producer.getStats().catch(() => [])));
    if (stopped) return;
    reports.forEach((report, index) => {
      const id = producers[index]!.id;
      const packets = report.reduce((sum, stream) => sum + stream.packetCount, 0);
      if (packets !== (counts.get(id) ?? 0)) lastPacketAtMs = Date.now();
      counts.set(id, packets);
    });
    const now = lastPacketAtMs !== null && Date.now() - lastPacketAtMs < SILENCE_MS;
    if (now !== flowing) {
      flowing = now;
      input.onChange(flowing);
    }
  }

  function plan(): void {
    if (stopped) return;
    timer = setTimeout(
      () => {
        void sample().finally(plan);
      },
      flowing ? SAMPLE_WHILE_FLOWING_MS : SAMPLE_WHILE_SILENT_MS,
    );
    timer.unref();
  }
  plan();

  return {
    get flowing() {
      return flowing;
    },
    get lastPacketAtMs() {
      return lastPacketAtMs;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
