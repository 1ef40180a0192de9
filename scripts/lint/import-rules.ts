/**
 * The table "who may import whom" of CONTRIBUTING.md as pure functions: a file, what it imports, and the reason
 * why not. Paths are relative to the clone. scripts/lint/plugin.ts makes a lint rule of it.
 */
import { dirname, join, normalize } from 'node:path/posix';

/** Workspaces that each workspace may import, itself apart. */
const ALLOWED_WORKSPACES: Record<string, readonly string[]> = {
  contracts: [],
  'live-client': ['contracts'],
  ui: ['contracts'],
  api: ['contracts'],
  'media-server': ['contracts'],
  player: ['contracts', 'live-client', 'ui'],
  broadcaster: ['contracts', 'live-client', 'ui'],
  console: ['contracts', 'live-client', 'ui'],
};

const SCOPE = '@walnut-live/';
const BROWSER = ['live-client', 'ui', 'player', 'broadcaster', 'console'];
const SERVER_PACKAGES = /^(?:node:|express$|socket\.io$|@prisma\/|pg$|pino|mediasoup$|mediasoup\/)/;
/** Pure functions of Node; randomness is banned by name in the lint plugin. */
const PURE_PACKAGES = /^(?:zod$|zod\/|node:crypto$|node:assert)/;
/** What the pure part may import besides itself: error type and identifiers, which import nothing either. */
const PURE_NEIGHBOURS = /^(?:api\/src\/platform\/errors\.ts|api\/src\/ledger\/(?:index|types)\.ts)$/;

/** Files of tests and their kit may look at anything inside their own workspace and at the test tools. */
export function isTest(file: string): boolean {
  return /\.(?:test|drill)\.tsx?$|\/(?:testing|test-support|test)\//.test(file);
}

/** Rules of the domain: decided by arguments alone. */
export function isPure(file: string): boolean {
  return !isTest(file) && (/\.policy\.ts$/.test(file) || /^[^/]+\/src\/domain\//.test(file));
}

/** Only config.ts reads the environment. */
export function mayReadEnvironment(file: string): boolean {
  return isTest(file) || !/^[^/]+\/src\//.test(file) || /\/config\.ts$/.test(file);
}

/** Why `file` may not import `specifier`; undefined when it may. */
export function objection(file: string, specifier: string): string | undefined {
  const workspace = file.split('/')[0] ?? '';
  const allowed = ALLOWED_WORKSPACES[workspace];
  if (!allowed || !file.startsWith(`${workspace}/src/`)) return undefined;
  return specifier.startsWith('.')
    ? objectToPath(file, workspace, normalize(join(dirname(file), specifier)))
    : objectToPackage(file, workspace, allowed, specifier);
}

function objectToPackage(file: string, workspace: string, allowed: readonly string[], specifier: string) {
  if (specifier.startsWith(SCOPE)) {
    const other = specifier.slice(SCOPE.length).split('/')[0] ?? '';
    if (other === workspace || allowed.includes(other)) return undefined;
    return `${workspace} may import ${allowed.join(', ') || 'no other workspace'}, not ${other}.`;
  }
  if (isTest(file)) return undefined;
  if (workspace === 'contracts' && !/^zod(?:$|\/)/.test(specifier)) return 'contracts imports zod and nothing else.';
  if (BROWSER.includes(workspace) && SERVER_PACKAGES.test(specifier)) return 'This runs in a browser.';
  if (/^mediasoup(?:$|\/)/.test(specifier) && !file.startsWith('media-server/src/engine/')) {
    return 'Only media-server/src/engine speaks mediasoup.';
  }
  if (isPure(file) && !PURE_PACKAGES.test(specifier)) {
    return 'Rules are pure: contracts and other rules only; clock, randomness and the outside are passed in.';
  }
  return undefined;
}

function objectToPath(file: string, workspace: string, target: string): string | undefined {
  if (!target.startsWith(`${workspace}/`)) {
    if (isTest(file) && target.startsWith('scripts/')) return undefined;
    return 'Another workspace is imported by its name, not by a path into it.';
  }
  if (isTest(file)) return undefined;
  const own = featureOf(file);
  const other = featureOf(target);
  if (other !== undefined && other !== own && !target.endsWith(`/features/${other}/index.ts`)) {
    return `The feature ${other} is used through its index.ts; what is behind it is its own.`;
  }
  if (isPure(file) && !isPure(target) && !PURE_NEIGHBOURS.test(target)) {
    return 'Rules are pure: they import contracts and other rules only.';
  }
  return undefined;
}

function featureOf(file: string): string | undefined {
  return /^api\/src\/features\/([^/]+)\//.exec(file)?.[1];
}
