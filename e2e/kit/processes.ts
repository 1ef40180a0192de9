/** Processes by their parents, so that a drill kills exactly what belongs to its own product. */
import { readdirSync, readFileSync } from 'node:fs';
import { commandLine } from '../../scripts/processes.ts';

export interface ProcessInfo {
  pid: number;
  parent: number;
  command: string;
}

function all(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (state === 'Z') return []; // ended, only not yet asked for its status
        return [{ pid: Number(name), parent: Number(parent), command: commandLine(Number(name)) }];
      } catch {
        return []; // gone meanwhile
      }
    });
}

/** Everything that `pid` started and what that started, without `pid` itself. */
export function descendantsOf(pid: number): ProcessInfo[] {
  const everybody = all();
  const found: ProcessInfo[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = everybody.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}
