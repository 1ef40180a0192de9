/** The swarm of load-tests/swarm as scripts see it; extension/module.go and watch/report.go say what each field means. */
declare module 'k6/x/swarm' {
  export interface Spread {
    count: number;
    min: number | null;
    p50: number | null;
    p95: number | null;
    p99: number | null;
    max: number | null;
  }
  export interface JoinReport {
    asked: number;
    connected: number;
    failed: number;
    withKey: number;
    errors: string[] | null;
    askedSeconds: number;
    connectMs: Spread;
    firstMs: Spread;
    keyMs: Spread;
  }
  export interface Measurement {
    seconds: number;
    viewers: number;
    packets: number;
    bytes: number;
    expected: number;
    received: number;
    repaired: number;
    loss: number;
    worstLoss: number;
    picturesMean: number;
    picturesMin: number;
    keyPictures: number;
    decrypted: number;
    bad: number;
    unknown: number;
    plis: number;
    nacks: number;
    overflow: number;
    cpuSeconds: number;
    processSeconds: Record<string, number>;
    profiles: Record<string, number>;
  }
  export interface Interruptions {
    viewers: number;
    open: number;
    ms: Spread;
    reconnects: number;
  }
  export interface Crowd {
    join(count: number, perSecond: number, patienceSeconds: number): JoinReport;
    measure(seconds: number, processIds: number[]): Measurement;
    interruptions(): Interruptions;
    close(): void;
  }
  export interface Publisher {
    stats(): {
      packets: number;
      pictures: number;
      keyPictures: number;
      keyRequests: number;
      resent: number;
      reconnects: number;
      lastError: string;
      profile: string;
    };
    close(): void;
  }
  /** Options of talk.Crowd in load-tests/swarm/talk. */
  export interface TalkersOptions {
    url: string;
    protocol: 'walnut' | 'socket.io' | 'centrifugo';
    roomId?: string;
    secret?: string;
    channel?: string;
    text: string;
  }
  export interface TalkersEntered {
    entered: number;
    seconds: number;
    errors: string[];
  }
  /** Ages in milliseconds, memory in bytes. */
  export interface TalkersMeasurement {
    seconds: number;
    alive: number;
    lost: number;
    sent: number;
    acknowledged: number;
    refused: number;
    delivered: number;
    frames: number;
    bytes: number;
    ageP50: number;
    ageP99: number;
    ageMax: number;
    cpuSeconds: number;
    processSeconds: Record<string, number>;
    processMemory: Record<string, number>;
    errors: string[];
  }
  export interface Talkers {
    enter(count: number, perSecond: number): TalkersEntered;
    /** Goes on beside what the script does next. */
    talk(speakers: number, perSecond: number, forSeconds: number): void;
    measure(seconds: number, processIds: number[]): TalkersMeasurement;
    close(): void;
  }
  export function talkers(options: TalkersOptions): Talkers;
  export interface RushOptions {
    /** Of the route that places orders. */
    url: string;
    /** JSON array of access tokens, one for each buyer. */
    tokensFile: string;
    body: string;
    warmSeconds: number;
    windowSeconds: number;
    /** Whose CPU time is measured in the window. */
    processes: number[];
  }
  /** Answers within the window, latencies in milliseconds; `total…` and `failed` of the whole rush. */
  export interface RushReport {
    seconds: number;
    accepted: number;
    refused: number;
    failed: number;
    total: number;
    totalAccepted: number;
    p50: number;
    p95: number;
    p99: number;
    processSeconds: Record<string, number>;
  }
  /** Everybody asks again as soon as they are answered. */
  export function rush(options: RushOptions): RushReport;
  export function crowd(options: Record<string, unknown>): Crowd;
  export function publish(options: Record<string, unknown>): Publisher;
  /** Gives JSON text to the program that started k6. */
  export function report(json: string): void;
}
