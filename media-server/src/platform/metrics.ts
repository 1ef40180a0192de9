/** Prometheus metrics. Gauges are read when they are scraped, so nothing has to be kept in step. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  registry: Registry;
  request(name: string, outcome: string): void;
  hlsRequest(kind: string, status: number): void;
  /** Seconds from a viewer's wish to watch until ICE and DTLS stand; the kept key picture follows at once. */
  arrival(seconds: number): void;
}

export function createMetrics(read: {
  workers: () => Array<{ id: string; cpu: number; viewers: number; origins: number; egressMbps: number }>;
  workerDeaths: () => Promise<number>;
  streams: () => Record<string, number>;
  peers: () => number;
  hlsViewers: () => number;
  internalPorts: () => { used: number; total: number };
  packagers: () => number;
  packagerPlaces: () => Array<{ purpose: string; place: string; taken: number; refused: number }>;
  composites: () => { declared: number; running: number; overLimit: number };
  cluster: () => { isConnected: boolean; pipesOut: number; relays: number; nodes: number; draining: boolean };
}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  new Gauge({
    name: 'media_worker_cpu_ratio',
    help: 'Share of one core a worker used during the last second',
    labelNames: ['worker'],
    registers,
    collect() {
      this.reset();
      for (const worker of read.workers()) this.set({ worker: worker.id }, worker.cpu);
    },
  });
  new Gauge({
    name: 'media_worker_viewers',
    help: 'WebRTC viewers on a worker',
    labelNames: ['worker'],
    registers,
    collect() {
      this.reset();
      for (const worker of read.workers()) this.set({ worker: worker.id }, worker.viewers);
    },
  });
  new Gauge({
    name: 'media_worker_egress_mbps',
    help: 'Mbit/s a worker sends to viewers, extrapolated from a sample of them',
    labelNames: ['worker'],
    registers,
    collect() {
      this.reset();
      for (const worker of read.workers()) this.set({ worker: worker.id }, worker.egressMbps);
    },
  });
  new Gauge({
    name: 'media_pipes',
    help: 'Pipes between hosts: out of here to edges, in from origins',
    labelNames: ['direction'],
    registers,
    collect() {
      const { pipesOut, relays } = read.cluster();
      this.set({ direction: 'out' }, pipesOut);
      this.set({ direction: 'in' }, relays);
    },
  });
  new Gauge({
    name: 'media_cluster_nodes',
    help: 'Media servers this one knows of, itself included',
    registers,
    collect() {
      this.set(read.cluster().nodes);
    },
  });
  new Gauge({
    name: 'media_registry_connected',
    help: '1 while the registry answers',
    registers,
    collect() {
      this.set(read.cluster().isConnected ? 1 : 0);
    },
  });
  new Gauge({
    name: 'media_draining',
    help: '1 while newcomers are sent elsewhere',
    registers,
    collect() {
      this.set(read.cluster().draining ? 1 : 0);
    },
  });
  new Gauge({
    name: 'media_streams',
    help: 'Streams by state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(read.streams())) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'media_peers',
    help: 'Connected or briefly detached publishers and viewers',
    registers,
    collect() {
      this.set(read.peers());
    },
  });
  new Gauge({
    name: 'media_internal_ports_used',
    help: 'UDP ports inside this host that pipes between workers and packagers have',
    registers,
    collect() {
      this.set(read.internalPorts().used);
    },
  });
  new Gauge({
    name: 'media_internal_ports',
    help: 'UDP ports inside this host that there are for them',
    registers,
    collect() {
      this.set(read.internalPorts().total);
    },
  });
  new Gauge({
    name: 'media_hls_viewers',
    help: 'HLS playlist sessions polled lately',
    registers,
    collect() {
      this.set(read.hlsViewers());
    },
  });
  new Gauge({
    name: 'media_packagers',
    help: 'Running HLS packagers',
    registers,
    collect() {
      this.set(read.packagers());
    },
  });
  new Gauge({
    name: 'media_packager_places_taken',
    help: 'Places for packagers and for those that re-encode, by whom they are for',
    labelNames: ['place', 'purpose'],
    registers,
    collect() {
      for (const { place, purpose, taken } of read.packagerPlaces()) this.set({ place, purpose }, taken);
    },
  });
  new Gauge({
    name: 'media_packager_places_refused',
    help: 'Times that there was no place for another one since the start',
    labelNames: ['place', 'purpose'],
    registers,
    collect() {
      for (const { place, purpose, refused } of read.packagerPlaces()) this.set({ place, purpose }, refused);
    },
  });
  new Gauge({
    name: 'media_composites',
    help: 'Pictures of several hosts for HLS: asked for, being made, wanted without a place',
    labelNames: ['state'],
    registers,
    collect() {
      const { declared, running, overLimit } = read.composites();
      this.set({ state: 'declared' }, declared);
      this.set({ state: 'running' }, running);
      this.set({ state: 'over_limit' }, overLimit);
    },
  });
  new Gauge({
    name: 'media_worker_deaths',
    help: 'Media workers that died since the start',
    registers,
    async collect() {
      this.set(await read.workerDeaths());
    },
  });
  const requests = new Counter({
    name: 'media_signaling_requests_total',
    help: 'Signalling requests by event and outcome',
    labelNames: ['event', 'outcome'],
    registers,
  });
  const hlsRequests = new Counter({
    name: 'media_hls_requests_total',
    help: 'HLS requests by kind and status',
    labelNames: ['kind', 'status'],
    registers,
  });
  const arrivals = new Histogram({
    name: 'media_viewer_connect_seconds',
    help: 'From a viewer asking to watch until media can flow to them',
    buckets: [0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 15],
    registers,
  });
  return {
    registry,
    arrival: (seconds) => arrivals.observe(seconds),
    request: (event, outcome) => requests.inc({ event, outcome }),
    hlsRequest: (kind, status) => hlsRequests.inc({ kind, status: String(status) }),
  };
}
