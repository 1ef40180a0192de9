/**
 * Pictures of the network, placed in a thread of their own so that the rest of the house flows on meanwhile.
 *
 * Model: a picture belongs to a scope, a size and a version of the graph; the last few are kept, and one that is being made is waited
 * for by everybody who wants it. A picture younger than FRESH_MS is shown although the graph has moved on: a busy evening moves it
 * every second. One younger than PATIENT_MS is shown, too, while the next is being made, so that nobody waits who comes again.
 * Invariant: at most KEPT pictures, at most one being made for each wish.
 */
import { Worker } from 'node:worker_threads';
import { makeNetworkLayout, networkRoles, setPersonId } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Placed } from './layout.policy.ts';

const FRESH_MS = 30_000;
const PATIENT_MS = 180_000;
const KEPT = 6;

export interface PictureRow {
  readonly id: string;
  readonly inviterId: string | null;
  readonly kind: (typeof networkRoles)[number];
  readonly people: number;
  readonly netFen: bigint;
  readonly active: boolean;
}

function placeElsewhere(inviters: Int32Array, people: Uint32Array): Promise<Placed> {
  const worker = new Worker(new URL('./layout-worker.ts', import.meta.url), {
    workerData: { inviters, people },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    name: 'network-layout',
  });
  worker.unref();
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread that places the network ended without a picture')));
  });
}

/** People come in the order in which they are to stand. */
export async function drawNetwork(rows: readonly PictureRow[], version: number): Promise<ArrayBuffer> {
  const layout = makeNetworkLayout(rows.length, version);
  const indexOf = new Map(rows.map(({ id }, index) => [id, index]));
  for (const [index, row] of rows.entries()) {
    layout.people[index] = row.people;
    layout.netFen[index] = Number(row.netFen);
    layout.inviter[index] = row.inviterId === null ? -1 : (indexOf.get(row.inviterId) ?? -1);
    layout.role[index] = networkRoles.indexOf(row.kind);
    layout.active[index] = row.active ? 1 : 0;
    setPersonId(layout, index, row.id);
  }
  const placed = await placeElsewhere(layout.inviter, layout.people);
  layout.x.set(placed.x);
  layout.y.set(placed.y);
  layout.radius.set(placed.radius);
  return layout.buffer;
}

interface Kept {
  readonly version: bigint;
  readonly madeAt: number;
  readonly picture: Promise<ArrayBuffer>;
  /** The one that is to take its place. */
  next?: Kept;
}

export function createPictures({ clock }: { clock: Clock }) {
  const kept = new Map<string, Kept>();

  function keep(key: string, one: Kept): void {
    kept.delete(key);
    kept.set(key, one);
    for (const oldest of kept.keys()) if (kept.size > KEPT) kept.delete(oldest);
  }

  return {
    /** `make` is asked when there is none that is fresh. */
    of(key: string, version: bigint, make: () => Promise<ArrayBuffer>): Promise<ArrayBuffer> {
      const now = clock.now().getTime();
      const known = kept.get(key);
      if (known && (known.version === version || now - known.madeAt < FRESH_MS)) return known.picture;
      const isPatient = known !== undefined && now - known.madeAt < PATIENT_MS;
      if (known?.next) return isPatient ? known.picture : known.next.picture;
      const mine: Kept = { version, madeAt: now, picture: make() };
      if (known && isPatient) {
        known.next = mine;
        mine.picture.then(
          () => keep(key, mine),
          () => void delete known.next,
        );
        return known.picture;
      }
      keep(key, mine);
      // One that could not be made is nobody's answer but of those who wait for it.
      mine.picture.catch(() => kept.get(key) === mine && kept.delete(key));
      return mine.picture;
    },
  };
}
