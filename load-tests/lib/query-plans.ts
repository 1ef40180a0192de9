/** What PostgreSQL does for the statements of a reader: the same code with a `sql` that asks for the plan instead of the rows. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sql } from '../../api/src/platform/db.ts';
import { ROOT } from '../../scripts/setup/paths.ts';

export interface Plans {
  /** Runs `read`, once warm, and keeps the plan of every statement of it. */
  keep(question: string, read: (sql: Sql) => Promise<unknown>): Promise<void>;
  write(name: string): void;
}

const TEMPLATES = new Map<string, TemplateStringsArray>();
/** One template per statement, as the names of prepared statements are made from it. */
function explained(strings: TemplateStringsArray): TemplateStringsArray {
  const key = strings.join('?');
  const known = TEMPLATES.get(key);
  if (known) return known;
  const parts = strings.map((part, at) =>
    at === 0 ? `EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF, TIMING OFF) ${part}` : part,
  );
  const made = Object.assign(parts, { raw: parts });
  TEMPLATES.set(key, made);
  return made;
}

export function keepPlans(sql: Sql): Plans {
  const kept: string[] = [];
  return {
    async keep(question, read) {
      await read(sql);
      await read(async (strings, ...values) => {
        const rows = await sql<{ 'QUERY PLAN': string }>(explained(strings), ...values);
        kept.push(`${question}\n${rows.map((row) => `    ${row['QUERY PLAN']}`).join('\n')}\n`);
        return [];
      });
    },
    write(name) {
      const dir = join(ROOT, 'load-tests/results');
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, `${name}.plans.txt`), `${kept.join('\n')}`);
    },
  };
}
