/** The inventory at work: one statement for each table, made once. */
import type { Tx } from '../../platform/db.ts';
import { FORGOTTEN_NAME, inventory, type Stored } from './inventory.policy.ts';
import { forgetInRooms, messagesOf, type RoomPlace } from './room-words.ts';

/** Seldom run, over tables without an index for it. */
const STEP_TIMEOUT = '120s';

/** Statements of tables that the code above names, never of a request: the driver gets them as if they had been written out. */
const template = (...parts: string[]): TemplateStringsArray =>
  Object.assign(parts, { raw: parts }) as unknown as TemplateStringsArray;

/** What stands before and behind the ids in the condition of rows that are theirs: one parameter, however many columns. */
function whereOf({ about, through }: Stored): readonly [string, string] {
  if (through) {
    const above = inventory.find(({ table }) => table === through.table)?.about[0] ?? 'person_id';
    return [
      `t.${through.column} IN (SELECT a.${through.key} FROM ${through.table} a WHERE a.${above} = ANY(`,
      '::uuid[]))',
    ];
  }
  const [only, ...others] = about;
  if (others.length === 0) return [`t.${only} = ANY(`, '::uuid[])'];
  const columns = about.map((column) => `t.${column}`).join(', ');
  return ['EXISTS (SELECT FROM unnest(', `::uuid[]) AS one WHERE one IN (${columns}))`];
}

const exports = new Map(
  inventory.map((stored) => {
    const [start, end] = whereOf(stored);
    const out = `to_jsonb(t) - ${`'{${(stored.hidden ?? []).join(',')}}'::text[]`}`;
    return [
      stored.table,
      template(
        `SELECT count(*)::int AS rows, coalesce(jsonb_agg(${out}), '[]')::text AS content FROM ${stored.table} t WHERE ${start}`,
        end,
      ),
    ] as const;
  }),
);

const deletions = new Map(
  inventory.map((stored) => {
    const [start, end] = whereOf(stored);
    const { table, forget } = stored;
    if (forget === 'keep') return [table, undefined] as const;
    if (forget === 'delete')
      return [table, template(`DELETE FROM ${table} t WHERE ${start}`, `${end} RETURNING 1 AS gone`)] as const;
    const values = Object.entries(forget)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ');
    return [table, template(`UPDATE ${table} t SET ${values} WHERE ${start}`, `${end} RETURNING 1 AS gone`)] as const;
  }),
);

/** Steps of a request: the rooms' words, then table by table. */
export const STEPS = inventory.length + 1;
export const ROOM_WORDS = 'chat_messages';

/** `next`: the step is not over, and goes on from there. */
export async function exportStep(
  tx: Tx,
  no: number,
  ids: readonly string[],
  place: RoomPlace,
): Promise<{ name: string; rows: number; content: string; next: RoomPlace | null }> {
  await tx`SELECT set_config('statement_timeout', ${STEP_TIMEOUT}, true)`;
  if (no === 0) return { name: ROOM_WORDS, ...(await messagesOf(tx, ids, place)) };
  const table = inventory[no - 1]?.table ?? '';
  const statement = exports.get(table);
  if (!statement) throw new Error(`no step ${no}`);
  const [found] = await tx<{ rows: number; content: string }>(statement, ids);
  return { name: table, rows: found?.rows ?? 0, content: found?.content ?? '[]', next: null };
}

export async function forgetStep(
  tx: Tx,
  no: number,
  ids: readonly string[],
  place: RoomPlace,
): Promise<{ rows: number; next: RoomPlace | null }> {
  await tx`SELECT set_config('statement_timeout', ${STEP_TIMEOUT}, true)`;
  if (no === 0) return forgetInRooms(tx, ids, place);
  const table = inventory[no - 1]?.table ?? '';
  const statement = deletions.get(table);
  if (!statement) return { rows: 0, next: null };
  // Rows that are never changed otherwise let this through; see the trigger function refuse_change.
  await tx`SELECT set_config('walnut.forgetting', ${table}, true), set_config('walnut.retention', ${table}, true)`;
  const byPhone = table === 'room_invitations' ? await forgetInvitedByPhone(tx, ids) : 0;
  return { rows: byPhone + (await tx(statement, ids)).length, next: null };
}

/** Guests of conferences who were asked by a number that is theirs. */
async function forgetInvitedByPhone(tx: Tx, ids: readonly string[]): Promise<number> {
  const rows = await tx`UPDATE room_invitations SET name = ${FORGOTTEN_NAME}, phone = ''
    WHERE phone IN (SELECT phone FROM people WHERE id = ANY(${ids}::uuid[])) RETURNING 1 AS gone`;
  return rows.length;
}
