import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Tests that talk to PostgreSQL share one server per run; see scripts/testing/postgres-global.ts. */
const postgres = ['./scripts/testing/postgres-global.ts'];

/** One project per workspace. Files run in Node; a file that needs a DOM says `// @vitest-environment jsdom` itself. */
function project(name: string, test: TestProjectInlineConfiguration['test'] = {}): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      include: [`${name}/**/*.test.{ts,tsx}`],
      exclude: ['**/node_modules/**', '**/dist/**', '**/generated/**'],
      environment: 'node',
      // After the api's, which run with other workers.
      sequence: { groupOrder: 1 },
      testTimeout: 30_000,
      hookTimeout: 120_000,
      ...test,
    },
  };
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    // Tests of media and of the database wait more than they compute: two at a time also on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('contracts'),
      // Its tests wait for PostgreSQL more than they compute, and share nothing but modules, which are slow to load.
      project('api', {
        globalSetup: postgres,
        isolate: false,
        maxWorkers: Math.max(3, availableParallelism() - 1),
        sequence: { groupOrder: 0 },
      }),
      project('media-server'),
      project('live-client'),
      project('ui'),
      project('player'),
      project('broadcaster'),
      project('console'),
      project('load-tests'),
      project('scripts', { globalSetup: postgres }),
      // Journeys start the whole product and browsers: one at a time, after everything else.
      project('e2e', {
        globalSetup: postgres,
        fileParallelism: false,
        testTimeout: 180_000,
        hookTimeout: 300_000,
        sequence: { groupOrder: 2 },
      }),
      // What kills, cuts and measures for minutes: not part of every change, see `./live test drills`.
      project('drills', {
        include: ['{api,e2e,media-server}/**/*.drill.ts'],
        exclude: ['**/node_modules/**'],
        globalSetup: postgres,
        fileParallelism: false,
        testTimeout: 180_000,
        hookTimeout: 300_000,
        sequence: { groupOrder: 3 },
      }),
    ],
  },
});
