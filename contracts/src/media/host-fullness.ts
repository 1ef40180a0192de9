import type { MediaNode } from './control.ts';

/** A busy CPU alone does not make a host full: its figure jumps, and a worker's own limit is its viewers. */
const CPU_WEIGHT = 0.9;

/**
 * Share of what a media host can carry, by whatever is scarcest there; 1 is full. api places newcomers by it and a media
 * server sends them on by it: they have to agree.
 */
export function hostFullness({ load, capacity }: HostLoad): number {
  return Math.max(load.cpu * CPU_WEIGHT, load.viewers / capacity.viewers, load.egressMbps / capacity.egressMbps);
}

interface HostLoad {
  load: Pick<MediaNode['load'], 'cpu' | 'viewers' | 'egressMbps'>;
  capacity: MediaNode['capacity'];
}
